/** Reads a run's history back from its folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HistoryEvent } from './event.ts';
import { historyFile } from './recorder.ts';

/** Every event of the run in `dir`, in the order in which it was written. */
export async function readHistory(dir: string): Promise<HistoryEvent[]> {
  const text = await readFile(join(dir, historyFile), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as HistoryEvent);
}
