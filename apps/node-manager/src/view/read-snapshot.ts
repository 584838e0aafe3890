/** PURE: the keys under `mesh/` as a snapshot; what cannot be read, or could not be worked by, is quarantined. */
import { tryParseCidr } from '@wgcni/ipam';
import { decodeRecord, GoneRecord, type Keys, NetworkRecord, NodeRecord, type StoredKey } from '@wgcni/store';
import { isKeyText } from '@wgcni/wg';
import type { MeshSnapshot } from './snapshot.ts';

/** The snapshot of `items`, which are all keys under `keys.mesh` at `revision`. */
export function readSnapshot(items: Iterable<StoredKey>, revision: number, keys: Keys): MeshSnapshot {
  const snapshot: MeshSnapshot = {
    revision,
    network: undefined,
    nodes: [],
    draining: [],
    gone: [],
    quarantined: [],
    quarantinedNodes: [],
  };
  for (const item of items) {
    if (item.key === keys.network) readNetwork(item, snapshot);
    else if (item.key.startsWith(keys.nodes)) readNode(item, snapshot, item.key.slice(keys.nodes.length));
    else if (item.key.startsWith(keys.gone)) readGone(item, snapshot);
  }
  return snapshot;
}

function readNetwork(item: StoredKey, snapshot: MeshSnapshot): void {
  const decoded = decodeRecord(NetworkRecord, item);
  if (decoded.kind === 'quarantined' || !decoded.record.pools.every(({ cidr }) => tryParseCidr(cidr) !== undefined)) {
    snapshot.quarantined.push(item.key);
    return;
  }
  const { networkId, pools, mtu, keepaliveSec, registrationTtlSec, holdDownSec } = decoded.record;
  const plans = pools.map(({ cidr, prefixLength }) => ({ cidr, prefixLength }));
  snapshot.network = { networkId, pools: plans, mtu, keepaliveSec, registrationTtlSec, holdDownSec };
}

function readNode(item: StoredKey, snapshot: MeshSnapshot, nodeId: string): void {
  const decoded = decodeRecord(NodeRecord, item);
  if (decoded.kind === 'quarantined' || !isUsable(decoded.record, nodeId)) {
    snapshot.quarantined.push(item.key);
    snapshot.quarantinedNodes.push(nodeId);
    return;
  }
  const { publicKey, endpoints, subnets, draining } = decoded.record;
  if (draining) snapshot.draining.push(nodeId);
  const grants = subnets.map(({ cidr, grantId }) => ({ cidr, grantId }));
  snapshot.nodes.push({ nodeId, publicKey, endpoints, subnets: grants, modRevision: item.modRevision });
}

/** A record that fits its schema may still hold what the kernel would refuse. */
function isUsable({ nodeId, publicKey, subnets }: NodeRecord, named: string): boolean {
  return nodeId === named && isKeyText(publicKey) && subnets.every(({ cidr }) => tryParseCidr(cidr) !== undefined);
}

function readGone(item: StoredKey, snapshot: MeshSnapshot): void {
  const decoded = decodeRecord(GoneRecord, item);
  if (decoded.kind === 'quarantined') {
    snapshot.quarantined.push(item.key);
    return;
  }
  const { kind, why, nodeId, publicKey, subnets } = decoded.record;
  snapshot.gone.push({ kind, why, nodeId, publicKey, subnets, modRevision: item.modRevision });
}
