/** PURE: whether somebody is shown how far long work is, and the line that says it. */
import { fitted } from '../live/screen.ts';

/** Shorter work needs no word: a line that is gone before it was read is a flicker. */
export const patienceMs = 400;

export interface Onlooker {
  /** Whether stderr is a terminal. */
  isTerminal: boolean;
  /** Whether a program reads what is printed. */
  isJson: boolean;
  /** The variable TERM. */
  terminal: string | undefined;
}

/** How progress is told: as a line that is written over, a line for each step, or not at all. */
export type Manner = 'line' | 'steps' | 'none';

/** A terminal that cannot erase gets what a file would. */
export function mannerFor({ isTerminal, isJson, terminal }: Onlooker): Manner {
  if (isJson) return 'none';
  return isTerminal && terminal !== undefined && terminal !== 'dumb' ? 'line' : 'steps';
}

export interface Waiting {
  /** What is waited for now, in the order in which it began. */
  pending: readonly string[];
  /** How many of those that began have ended. */
  ended: number;
  /** How far the work is, where it has said so. */
  said: string | undefined;
  elapsedMs: number;
  /** Of the terminal. */
  columns: number | undefined;
}

/** One line, shorter than the terminal is wide: a line that wraps cannot be erased. Undefined while there is nothing to tell. */
export function progressLine({ pending, ended, said, elapsedMs, columns }: Waiting): string | undefined {
  if (pending.length === 0 || elapsedMs < patienceMs) return undefined;
  const count = ended + pending.length > 1 ? `${ended} of ${ended + pending.length}, ` : '';
  const line = `… ${said ?? pending.join(', ')} (${count}${Math.floor(elapsedMs / 1_000)} s)`;
  return fitted(line, columns === undefined ? undefined : columns - 1);
}
