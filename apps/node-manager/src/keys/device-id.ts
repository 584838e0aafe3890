/** Machine-unique ids of WireGuard devices: they name userspace processes and their sockets. */
import { createHash } from 'node:crypto';

/** What every id of ours begins with. */
export const deviceIdPrefix = 'wg';

/** `wg` and 12 hexadecimal digits of SHA-256 over the node id and the role, or the parts of an attachment's key. */
export function deviceId(nodeId: string, ...parts: readonly string[]): string {
  const digest = createHash('sha256').update([nodeId, ...parts].join('\0'));
  return `${deviceIdPrefix}${digest.digest('hex').slice(0, 12)}`;
}
