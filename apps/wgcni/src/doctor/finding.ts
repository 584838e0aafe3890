/** What a check of `wgcni doctor` found. */
import { table } from '../table.ts';

export interface Finding {
  /** What was looked at, in a word or two. */
  check: string;
  /** `unknown`: it could not be looked at. */
  state: 'ok' | 'attention' | 'fault' | 'unknown';
  said: string;
  /** What to do; empty where all is well. */
  remedy: string;
}

export const ok = (check: string, said: string): Finding => ({ check, state: 'ok', said, remedy: '' });
export const bad = (
  check: string,
  state: 'attention' | 'fault' | 'unknown',
  said: string,
  remedy: string,
): Finding => ({
  ...{ check, state, said, remedy },
});

/** One line for each, the remedy below what needs one. */
export function showFindings(findings: readonly Finding[]): string {
  const mark = { ok: 'ok', attention: 'attention', fault: 'FAULT', unknown: '?' };
  const rows = findings.flatMap(({ check, state, said, remedy }) => [
    [mark[state], check, said],
    ...(remedy === '' ? [] : [['', '', `→ ${remedy}`]]),
  ]);
  const count = (state: Finding['state']): number => findings.filter((finding) => finding.state === state).length;
  const [faults, attentions, unknowns] = [count('fault'), count('attention'), count('unknown')];
  return `${table(['', 'check', 'found'], rows)}\n\n${faults} ${faults === 1 ? 'fault' : 'faults'}, ${attentions} to look at, ${unknowns} not known`;
}
