/** The planted bugs keep step with the tree: every patch applies, every catcher exists, the page about them is right. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { withTable } from './document.ts';
import { plantedBugs } from './manifest.ts';
import { documentPath, patchDirectory, patchOf, treeRoot } from './places.ts';

const names = plantedBugs.map(({ name }) => name);

/** What git says against the patch, or an empty text. */
function objectionTo(name: string): string {
  try {
    execFileSync('git', ['apply', '--check', patchOf(name)], { cwd: treeRoot, stdio: 'pipe' });
    return '';
  } catch (error) {
    return String(error);
  }
}

describe('the planted bugs', () => {
  it('have names of their own, a patch each, and no patch is left over', () => {
    expect(new Set(names).size).toBe(names.length);
    expect(readdirSync(patchDirectory).sort()).toEqual(names.map((name) => `${name}.patch`).sort());
  });

  it.each(names)('apply to the tree as it is: %s', (name) => {
    expect(objectionTo(name)).toBe('');
  });

  it('break what runs, never a test', () => {
    const touched = names.flatMap((name) =>
      [...readFileSync(patchOf(name), 'utf8').matchAll(/^\+\+\+ b\/(.*)$/gm)].map(([, path = '']) => path),
    );
    expect(touched.length).toBeGreaterThanOrEqual(names.length);
    expect(touched.filter((path) => !/^(apps|libs)\/[^/]+\/src\/.*\.ts$/.test(path))).toEqual([]);
    expect(touched.filter((path) => /\.test\.ts$|\/testing\/|store-contract/.test(path))).toEqual([]);
  });

  it('name catchers that are there', () => {
    const files = plantedBugs.flatMap(({ catchers }) => catchers.flatMap((catcher) => catcher.files));
    expect(files.filter((file) => !existsSync(join(treeRoot, file)))).toEqual([]);
  });

  it('are told of in the documentation as they are', () => {
    const page = readFileSync(documentPath, 'utf8');
    // Wrong? `make planted-docs` writes it.
    expect(page).toBe(withTable(page, plantedBugs));
  });
});
