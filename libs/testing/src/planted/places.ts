/** Where the patches, the tree and the page about them are. */
import { join } from 'node:path';

/** The root of the tree. */
export const treeRoot = join(import.meta.dirname, '../../../..');

export const patchDirectory = join(import.meta.dirname, 'patches');

export const documentPath = join(treeRoot, 'docs/planted-bugs.md');

/** The patch that plants the bug of this name. */
export function patchOf(name: string): string {
  return join(patchDirectory, `${name}.patch`);
}
