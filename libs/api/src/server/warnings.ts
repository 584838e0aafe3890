/** Node's own warnings as lines of the log: a log of JSON lines holds nothing else. */
import type { Log } from '@wgcni/base';

/** Takes the place of Node's printing to stderr. */
export function logWarnings(log: Log): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning: Error & { code?: string }) => {
    const { name, message, code } = warning;
    log.warn({ name, why: message, ...(code === undefined ? {} : { code }) }, 'process.warning');
  });
}
