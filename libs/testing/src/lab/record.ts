/** The lab's own record on disk: which processes it started, so that another command can stop exactly those. */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessRecord } from './process.ts';

export interface LabRecord {
  processes: ProcessRecord[];
}

const fileName = 'lab.json';

/** The record of the lab in `dir`; empty when there is none. */
export function readRecord(dir: string): LabRecord {
  try {
    return JSON.parse(readFileSync(join(dir, fileName), 'utf8')) as LabRecord;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { processes: [] };
    throw error;
  }
}

/** Writes the record, aside and renamed; before and after each start, so that a killed `up` can be taken down. */
export function writeRecord(dir: string, record: LabRecord): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, `${fileName}.new`), JSON.stringify(record), { mode: 0o600 });
  renameSync(join(dir, `${fileName}.new`), join(dir, fileName));
}
