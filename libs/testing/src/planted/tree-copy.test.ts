/** The copy runs its own sources, not those of the original, and takes a patch in and out. */
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { TreeCopy } from './tree-copy.ts';

let root: string;
let copy: TreeCopy;
const patch = (): string => join(root, 'bug.patch');

beforeEach(async () => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'wgcni-tree-')));
  for (const folder of [
    'libs/base/src',
    'node_modules/@wgcni',
    'node_modules/.bin',
    'node_modules/.vite',
    'node_modules/other',
  ])
    mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, '.gitignore'), 'node_modules/\n');
  writeFileSync(join(root, 'libs/base/src/a.ts'), 'export const isSafe = true;\n');
  writeFileSync(join(root, 'libs/base/src/gone.ts'), '\n');
  symlinkSync('../../libs/base', join(root, 'node_modules/@wgcni/base'));
  writeFileSync(
    patch(),
    '--- a/libs/base/src/a.ts\n+++ b/libs/base/src/a.ts\n@@ -1 +1 @@\n-export const isSafe = true;\n+export const isSafe = false;\n',
  );
  execFileSync('git', ['init', '--quiet'], { cwd: root });
  execFileSync('git', ['add', '.'], { cwd: root });
  rmSync(join(root, 'libs/base/src/gone.ts'));
  writeFileSync(join(root, 'libs/base/src/new.ts'), '\n');
  copy = await TreeCopy.of(root);
});
afterEach(async () => {
  await copy.remove();
  rmSync(root, { recursive: true });
});

it('has every file that is there, new ones too, and none that was removed', () => {
  const found = ['a.ts', 'new.ts', 'gone.ts'].map((name) => existsSync(join(copy.path, 'libs/base/src', name)));
  expect(found).toEqual([true, true, false]);
});

it('leads our packages into itself, others into the original, and shares no cache', () => {
  const real = (path: string): string => realpathSync(join(copy.path, 'node_modules', path));
  expect(real('@wgcni/base')).toBe(realpathSync(join(copy.path, 'libs/base')));
  expect(real('other')).toBe(join(root, 'node_modules/other'));
  expect(real('.bin')).toBe(join(root, 'node_modules/.bin'));
  expect(existsSync(join(copy.path, 'node_modules/.vite'))).toBe(false);
  expect(lstatSync(join(copy.path, 'node_modules')).isSymbolicLink()).toBe(false);
});

it('takes a bug in and out, and leaves the original alone', async () => {
  const text = (tree: string): string => readFileSync(join(tree, 'libs/base/src/a.ts'), 'utf8');
  await copy.plant(patch());
  expect([text(copy.path), text(root)]).toEqual(['export const isSafe = false;\n', 'export const isSafe = true;\n']);
  await expect(copy.plant(patch())).rejects.toThrow();
  await copy.takeOut(patch());
  expect(text(copy.path)).toBe(text(root));
});

it('leaves nothing when it is removed', async () => {
  await copy.remove();
  expect(existsSync(copy.path)).toBe(false);
});
