/** Peer changes as the words of `wg set <device> …`: only what differs, nothing secret. */
import type { PeerChange } from './peer.ts';

/** The words after the device name. A list of allowed IPs replaces the peer's; a peer that is not named is not touched. */
export function changeText(changes: readonly PeerChange[]): string[] {
  return changes.flatMap(wordsOf);
}

function wordsOf(change: PeerChange): string[] {
  if (change.kind === 'remove') return ['peer', change.publicKey, 'remove'];
  const { publicKey, endpoint, allowedIps, keepaliveSec } = change.kind === 'add' ? change.peer : change;
  return [
    'peer',
    publicKey,
    ...(endpoint === undefined ? [] : ['endpoint', endpoint]),
    ...(keepaliveSec === undefined ? [] : ['persistent-keepalive', String(keepaliveSec)]),
    ...(allowedIps === undefined ? [] : ['allowed-ips', allowedIps.join(',')]),
  ];
}
