/** Control groups of containers (cgroups v1) under a parent of the tests' own: they outlive their processes. */
import { writeFile } from 'node:fs/promises';
import { execa } from 'execa';

const root = '/sys/fs/cgroup';

/** Lets every paused process below the parent run on: one that is paused would not even end by SIGKILL. */
export async function thaw(parent: string): Promise<void> {
  const { stdout } = await execa('find', [root, '-path', `*/${parent}/*/freezer.state`]);
  for (const path of stdout.split('\n').filter((line) => line !== '')) await writeFile(path, 'THAWED');
}

/** Removes the parent and all below it, deepest first, in every hierarchy; those of others may go meanwhile. */
export async function removeCgroups(parent: string): Promise<void> {
  const named = ['(', '-name', parent, '-o', '-path', `*/${parent}/*`, ')'];
  await execa('find', [root, '-ignore_readdir_race', '-depth', '-type', 'd', ...named, '-delete']);
}
