/** The house test: the few rules of this code base that no compiler knows, each with its reason. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as api from '@wgcni/api';
import * as store from '@wgcni/store';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../../..');
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(root, path)));
const sources = tracked.filter((path) => /^(apps|libs)\/.*\.ts$/.test(path));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the house', () => {
  it('opens every file with one sentence that says what the file is for', () => {
    expect(sources.filter((path) => !/^(#!.*\n)?\/\*\*/.test(read(path)))).toEqual([]);
  });

  it('names folders after things, never after nothing', () => {
    expect(tracked.filter((path) => /(^|\/)(utils?|helpers?|common|services?|misc)\//.test(path))).toEqual([]);
  });

  it('keeps files small enough to be read in one go', () => {
    expect(sources.filter((path) => read(path).split('\n').length > 400)).toEqual([]);
  });

  it('tests real parts and fakes, never mocked modules', () => {
    expect(sources.filter((path) => /\bvi\.(mock|doMock)\(/.test(read(path)))).toEqual([]);
  });

  it('ends every etcd prefix in a slash, so that no key of a longer name falls under it', () => {
    const keys = store.keysOf('c');
    const prefixes = [
      keys.root,
      keys.mesh,
      keys.nodes,
      keys.gone,
      keys.control,
      keys.replicas,
      keys.subnets,
      keys.registrations,
      keys.keyClaims,
      keys.tokens,
      keys.admissions,
    ];
    expect(prefixes.filter((prefix) => !prefix.endsWith('/'))).toEqual([]);
  });

  it('has no property in any schema in which a private or pre-shared key could stand', () => {
    const secretive = /private|preshared|psk|secret|password/i;
    const schemas = [...Object.entries(api), ...Object.entries(store)].filter(([, value]) => isSchema(value));
    expect(schemas.length).toBeGreaterThan(20);
    expect(
      schemas
        .flatMap(([name, value]) => propertiesOf(value).map((property) => `${name}.${property}`))
        .filter((name) => secretive.test(name)),
    ).toEqual([]);
  });

  it('gives every library a README that can be read in a minute', () => {
    const libraries = [...new Set(sources.flatMap((path) => /^libs\/[^/]+/.exec(path) ?? []))];
    const missing = libraries.filter((path) => !existsSync(join(root, path, 'README.md')));
    expect(missing).toEqual([]);
    expect(libraries.filter((path) => read(join(path, 'README.md')).split('\n').length > 61)).toEqual([]);
  });
});

function isSchema(value: unknown): value is object {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function propertiesOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const own =
    'properties' in schema && typeof schema.properties === 'object' ? Object.keys(schema.properties ?? {}) : [];
  return [...own, ...Object.values(schema).flatMap(propertiesOf)];
}
