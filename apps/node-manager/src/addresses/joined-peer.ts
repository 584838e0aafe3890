/** PURE: the node's peer for someone who brings its own key; it may roam. */
import { tryParseEndpoint, type PublicKey } from '@wgcni/wg';
import { hostCidr } from '../attachments/container-device.ts';
import type { DesiredPeer } from '../pods/plan-pods.ts';
import type { JoinedRecord } from './joined-record.ts';

/** Exactly its own addresses are allowed, from wherever it speaks; an endpoint that is none, of an older record, is as good as none. */
export function joinedPeer(record: Pick<JoinedRecord, 'addresses' | 'endpoint'>, publicKey: PublicKey): DesiredPeer {
  const allowedIps = record.addresses.map(({ address }) => hostCidr(address)).sort();
  const endpoint = tryParseEndpoint(record.endpoint ?? '') === undefined ? undefined : (record.endpoint ?? undefined);
  return { publicKey, endpoint, allowedIps, keepaliveSec: 0, roams: true };
}
