/** The JSON lines that the lab's programs log. */
import { readFile } from 'node:fs/promises';

export interface LogLine {
  /** Wall clock in milliseconds. */
  time: number;
  msg: string;
  url?: string;
  refused?: string;
  revision?: number;
  createRevision?: number;
}

/** Every line of a log that is one of ours. */
export async function readLog(path: string): Promise<LogLine[]> {
  const text = await readFile(path, 'utf8');
  return text.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as LogLine] : []));
}
