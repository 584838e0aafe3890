/** A directory of small JSON records, one a file; each write survives a power cut, and an unreadable file stops no other. */
import { CatalogueError, messageOf, privateDirectory, removeFile, replaceFile } from '@wgcni/base';
import { readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileNameOf } from './record.ts';

export interface LoadedRecords<T> {
  records: T[];
  /** Paths of files that are no record; they stay where they are. */
  quarantined: string[];
}

export class RecordDirectory<T> {
  readonly #path: string;
  readonly #parse: (value: unknown) => T | undefined;

  /** `parse` turns a JSON value into a record, or undefined when it is none. */
  constructor(path: string, parse: (value: unknown) => T | undefined) {
    this.#path = path;
    this.#parse = parse;
  }

  /** Every record on disk; what a crash left half-written is removed. */
  async load(): Promise<LoadedRecords<T>> {
    await privateDirectory(this.#path);
    const loaded: LoadedRecords<T> = { records: [], quarantined: [] };
    for (const name of await readdir(this.#path)) {
      const path = join(this.#path, name);
      if (name.endsWith('.new')) await unlink(path);
      else await this.#read(path, loaded);
    }
    return loaded;
  }

  /** Writes the record of `name` durably. Throws CatalogueError `io.failed`, as does `remove`. */
  async put(name: string, record: T): Promise<void> {
    await this.#writing(async () => {
      await privateDirectory(this.#path);
      await replaceFile(this.#fileOf(name), `${JSON.stringify(record)}\n`);
    });
  }

  /** Removes the record of `name` durably; a missing one is fine. */
  async remove(name: string): Promise<void> {
    await this.#writing(() => removeFile(this.#fileOf(name)));
  }

  async #writing(task: () => Promise<void>): Promise<void> {
    try {
      await task();
    } catch (error) {
      throw new CatalogueError('io.failed', `${this.#path} cannot be written: ${messageOf(error)}`, {
        remedy: 'make room on its disk, or make it a writable directory',
        cause: error,
      });
    }
  }

  async #read(path: string, loaded: LoadedRecords<T>): Promise<void> {
    const record = parseJson(await readFile(path, 'utf8'), this.#parse);
    if (record === undefined) loaded.quarantined.push(path);
    else loaded.records.push(record);
  }

  #fileOf(name: string): string {
    return join(this.#path, fileNameOf(name));
  }
}

function parseJson<T>(text: string, parse: (value: unknown) => T | undefined): T | undefined {
  try {
    return parse(JSON.parse(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
