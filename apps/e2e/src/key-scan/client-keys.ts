/** Makes clients' keys through the product: `wgcni client add`, each key read from the file or the output that it was written to. */
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Lab } from '@wgcni/testing';
import { execa } from 'execa';
import type { KnownKeys } from './known-keys.ts';

/** Adds clients one after the other, into a file and to stdout in turn. Everything that the command said where no key was asked for. */
export async function makeClientKeys(lab: Lab, keys: KnownKeys, count: number): Promise<string[]> {
  const directory = join(lab.plan.dir, 'clients');
  await mkdir(directory, { mode: 0o700 });
  const said: string[] = [];
  const wgcni = async (...args: string[]): Promise<string> =>
    (await execa(lab.programs.wgcni, [...lab.wgcniFlags(), '--json', ...args])).stdout;
  for (let index = 0; index < count; index += 1) {
    const [name, out] = [`client${index}`, join(directory, `${index}.conf`)];
    const isFile = index % 2 === 0;
    const ends = index % 4 < 2 ? [] : ['--ttl', '1h'];
    const told = await wgcni('client', 'add', name, ...ends, ...(isFile ? ['--out', out] : []));
    if (isFile) said.push(told, await wgcni('client', 'config', name, '--key-file', out, '--out', `${out}.new`));
    const text = isFile ? await readFile(out, 'utf8') : (JSON.parse(told) as { config: string }).config;
    const key = /^PrivateKey = (.*)$/m.exec(text)?.[1] ?? '';
    if (!keys.learn(key)) throw new Error(`the key of ${name} is not a new one`);
  }
  // One goes again, and leaves its tombstone.
  said.push(await wgcni('client', 'remove', 'client0'), await wgcni('client', 'list'));
  return said;
}
