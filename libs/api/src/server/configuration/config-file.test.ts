/** A file says what the flags say, and whatever it says otherwise is refused with its line. */
import { inspect } from 'node:util';
import { joinTokenStart } from '@wgcni/pki';
import { describe, expect, it } from 'vitest';
import type { Program } from '../program.ts';
import { parseConfigFile } from './config-file.ts';

const program: Program = {
  ...{ name: 'p', about: 'A program.', version: '1' },
  flags: [
    { name: 'mtu', value: 'bytes', about: 'a number' },
    { name: 'manager', value: 'urls', about: 'a list', isList: true },
    { name: 'join', value: 'token', about: 'a token or a path', secret: true },
    { name: 'bootstrap', about: 'a switch' },
    { name: 'teardown', about: 'a switch for one run', once: true },
  ],
};
const parse = (text: string) => parseConfigFile(program, '/etc/p.yaml', text);

function refusalOf(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    return error;
  }
}

describe('a configuration file', () => {
  it('has words for flags, each with its line', () => {
    const text = '# of n1\nmtu: 1420\nmanager:\n  - https://a:7001\n  - https://b:7001\nbootstrap: true\n';
    expect(Object.fromEntries(parse(text))).toEqual({
      mtu: { word: '1420', line: 2 },
      manager: { word: 'https://a:7001,https://b:7001', line: 3 },
      bootstrap: { word: 'true', line: 6 },
    });
  });

  it('says words as they are written: a number with a zero before it is judged as such, and on is no switch', () => {
    expect(parse('mtu: 01420').get('mtu')?.word).toBe('01420');
    expect(parse('mtu: "on"').get('mtu')?.word).toBe('on');
    expect(parse('manager: https://a:7001').get('manager')?.word).toBe('https://a:7001');
  });

  it.each(['', '# nothing\n', '---\n', '{}'])('may be empty: %j', (text) => expect(parse(text).size).toBe(0));

  it.each([
    ['an unknown key', 'mtu: 1\ncolour: red', 2, 'colour'],
    ['a double key', 'mtu: 1\nbootstrap: true\nmtu: 2', 3, 'unique'],
    ['a text for a switch', 'bootstrap: "yes"', 1, 'switch'],
    ['a list for one value', 'mtu:\n  - 1', 1, 'mtu'],
    ['an empty list', 'manager: []', 1, 'manager'],
    ['a list in a list', 'manager:\n  - [a]', 1, 'manager'],
    ['no value', 'bootstrap: true\nmtu:', 2, 'mtu'],
    ['a truth for a text', 'join: true', 1, 'join'],
    ['what is for one run', 'teardown: true', 1, 'teardown'],
    ['an alias', 'mtu: &x a\nmanager: *x', 2, 'manager'],
    ['a list of nothing named', '- mtu', 1, 'flags'],
    ['what is no YAML', 'mtu: 1\n  : : [', 2, ''],
    ['a tag of its own', 'join: !secret a', 1, ''],
  ])('with %s is refused, with the line', (_, text, line, named) => {
    const refused = refusalOf(text);
    expect(refused).toMatchObject({ code: 'config.invalid', remedy: expect.any(String) });
    expect((refused as Error).message).toMatch(new RegExp(`^/etc/p[.]yaml:${line}: .*${named}`));
  });

  it.each([
    `join: ${joinTokenStart}1.0011223344556677.${'x'.repeat(43)}.${'ab'.repeat(32)}`,
    `join: gcni-join.1.0011223344556677.${'x'.repeat(43)}`,
    `manager: ${joinTokenStart}1.0011223344556677.${'x'.repeat(43)}.${'ab'.repeat(32)}`,
  ])('with a token, mistyped or in the wrong place, is refused, and the token is not told: %#', (text) => {
    const refused = refusalOf(text);
    expect(refused).toMatchObject({ code: 'config.invalid', remedy: expect.stringContaining('absolute path') });
    expect(inspect(refused, { depth: 9, showHidden: true })).not.toContain('x'.repeat(43));
  });
});
