/** Control groups of containers (cgroups v1) under a parent of the tests' own: they outlive their processes. */
import { readdir, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

const root = '/sys/fs/cgroup';

/** Lets every paused process below the parent run on: one that is paused would not even end by SIGKILL. */
export async function thaw(parent: string): Promise<void> {
  const { stdout } = await execa('find', [root, '-path', `*/${parent}/*/freezer.state`]);
  for (const path of stdout.split('\n').filter((line) => line !== '')) await writeFile(path, 'THAWED');
}

/** Removes the parent and all below it, deepest first, in every hierarchy; those of others may come and go meanwhile. */
export async function removeCgroups(parent: string): Promise<void> {
  for (const group of await groupsBelow(root))
    if (group.split('/').includes(parent)) await rmdir(group).catch(unlessGone);
}

/** Directories, deepest first. `find` fails where one goes before it was read. */
async function groupsBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => unlessGone(cause) ?? []);
  const groups: string[] = [];
  for (const entry of entries.filter((one) => one.isDirectory())) {
    const group = join(directory, entry.name);
    groups.push(...(await groupsBelow(group)), group);
  }
  return groups;
}

function unlessGone(cause: unknown): undefined {
  if (!['ENOENT', 'ENODEV'].includes((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
}
