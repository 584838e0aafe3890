/** Logs as JSON lines on stderr, written at once; a runtime that closed stderr loses them and nothing else. */
import { writeSync } from 'node:fs';
import type { Log } from '@wgcni/base';

const levels = { debug: 20, info: 30, warn: 40, error: 50 } as const;
const stderr = 2;

/** A log whose lines carry `fields`, a level, the wall clock in milliseconds and the event's name as `msg`. */
export function stderrLog(): Log {
  const at =
    (level: number) =>
    (fields: object, event: string): void => {
      writeStderr(`${JSON.stringify({ level, time: Date.now(), ...fields, msg: event })}\n`);
    };
  return { debug: () => {}, info: at(levels.info), warn: at(levels.warn), error: at(levels.error) };
}

/** Writes text to stderr; a failure is dropped, because there is nowhere left to tell it. */
export function writeStderr(text: string): boolean {
  try {
    writeSync(stderr, text);
    return true;
  } catch {
    return false;
  }
}
