/** Every test on whole clusters runs once: in the lane that names it, or in the step that takes what is left. */
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { globOf, lanes } from './lanes.ts';

const root = resolve(import.meta.dirname, '../../../..');
const files = readdirSync(resolve(root, 'apps/e2e/src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.test.ts'))
  .map((path) => `apps/e2e/src/${path}`);
const paths = Object.values(lanes).flat();

/** As vitest reads a filter: a part of a path. */
const taken = (path: string): string[] => files.filter((file) => file.includes(path));
/** As it reads the globs that stand here: a file, or everything below a folder. */
const leftOut = (glob: string): string[] =>
  files.filter((file) => file === glob || (glob.endsWith('/**') && file.startsWith(glob.slice(0, -2))));

describe('the lanes of the tests on whole clusters', () => {
  it.each(paths)('leave out of the rest what they take: %s', (path) => {
    expect(taken(path)).not.toEqual([]);
    expect(leftOut(globOf(path))).toEqual(taken(path));
  });

  it('take no file twice', () => {
    const twice = paths.flatMap(taken).filter((file, index, all) => all.indexOf(file) !== index);
    expect(twice).toEqual([]);
  });
});
