/** What is wrong, and what to do about it, in the words of a person. */
import { table } from '../table.ts';

export interface Advice {
  /** `fault`: something does not work; `attention`: it will not, or not as somebody meant it. */
  level: 'fault' | 'attention';
  what: string;
  remedy: string;
}

export const fault = (what: string, remedy: string): Advice => ({ level: 'fault', what, remedy });
export const attention = (what: string, remedy: string): Advice => ({ level: 'attention', what, remedy });

/** Faults first; one line that says so when there is nothing. */
export function showAdvice(all: readonly Advice[]): string {
  if (all.length === 0) return 'nothing is wrong';
  const sorted = [...all].sort((a, b) => Number(b.level === 'fault') - Number(a.level === 'fault'));
  const rows = sorted.map(({ level, what, remedy }) => [level === 'fault' ? 'FAULT' : 'attention', what, remedy]);
  return table(['', 'what', 'what to do'], rows);
}
