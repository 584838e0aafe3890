/** PURE: what a program says when it does not start or goes on no more, and the status by which whoever starts it decides whether to try again. */
import { CatalogueError, type ErrorCode, messageOf } from '@wgcni/base';
import { TextAsked } from './program.ts';

/** A wrong flag or token, or a host that cannot be used as it is: starting again helps nobody (systemd's RestartPreventExitStatus=2). */
const misconfigured = 2;

const byTheOperator: readonly ErrorCode[] = ['config.invalid', 'token.refused', 'authority.unknown'];

export interface Ending {
  stdout: string;
  /** One line, with the remedy. */
  stderr: string;
  status: number;
}

/** Of the program of this name, by what was thrown; help, version and the like are no failure. */
export function howItEnded(name: string, thrown: unknown): Ending {
  if (thrown instanceof TextAsked) return { stdout: thrown.text, stderr: '', status: 0 };
  const { code, remedy } = thrown instanceof CatalogueError ? thrown : {};
  const status = code !== undefined && byTheOperator.includes(code) ? misconfigured : 1;
  return { stdout: '', stderr: `${name}: ${messageOf(thrown)}${remedy === undefined ? '' : `; ${remedy}`}\n`, status };
}
