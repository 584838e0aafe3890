/** What a runtime has mounted below its directory, taken away when the runtime is gone. */
import { readFile } from 'node:fs/promises';
import { execa } from 'execa';

/** Unmounts everything at or below `dir`, the last first; what still uses one keeps it until it ends. */
export async function unmountBelow(dir: string): Promise<void> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const places = lines.map((line) => line.split(' ')[4] ?? '');
  const below = places.filter((place) => place === dir || place.startsWith(`${dir}/`));
  for (const place of below.reverse()) await execa('umount', ['--lazy', place]);
}
