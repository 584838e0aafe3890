/** PURE: by which status the process ends on an error, for whoever decides whether to start it again. */
import { CatalogueError, type ErrorCode } from '@wgcni/base';

/** A wrong flag or token, or a host that cannot be used as it is: starting again helps nobody (systemd's RestartPreventExitStatus=2). */
const misconfigured = 2;

const byTheOperator: readonly ErrorCode[] = ['config.invalid', 'token.refused', 'authority.unknown'];

export function exitStatusOf(error: unknown): number {
  return error instanceof CatalogueError && byTheOperator.includes(error.code) ? misconfigured : 1;
}
