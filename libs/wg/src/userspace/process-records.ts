/** Which process serves which device: one small file each, believed only while the process it names is the same. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { privateDirectory, removeFile, replaceFile } from '@wgcni/base';
import type { ProcessIdentity } from './proc.ts';

export class ProcessRecords {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string): Promise<ProcessRecords> {
    await privateDirectory(directory);
    return new ProcessRecords(directory);
  }

  /** The recorded identity, or undefined when there is none or it cannot be read: the process is then looked for by its arguments. */
  async read(id: string): Promise<ProcessIdentity | undefined> {
    try {
      return parseRecord(await readFile(this.#pathOf(id), 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  async write(id: string, { pid, startTime }: ProcessIdentity): Promise<void> {
    // Whoever lost the directory while we run must not lose the devices with it: the records can be made again.
    await privateDirectory(this.#directory);
    await replaceFile(this.#pathOf(id), `${JSON.stringify({ pid, startTime })}\n`);
  }

  async remove(id: string): Promise<void> {
    await removeFile(this.#pathOf(id));
  }

  #pathOf(id: string): string {
    return join(this.#directory, `${id}.json`);
  }
}

function parseRecord(text: string): ProcessIdentity | undefined {
  const match = /^\{"pid":([1-9][0-9]*),"startTime":"([0-9]+)"\}\n$/.exec(text);
  return match?.[2] === undefined ? undefined : { pid: Number(match[1]), startTime: match[2] };
}
