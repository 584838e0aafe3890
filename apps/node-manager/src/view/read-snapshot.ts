/** PURE: the keys under `mesh/` as a snapshot; what cannot be read, or could not be worked by, is quarantined. */
import { tryParseCidr } from '@wgcni/ipam';
import { decodeRecord, GoneRecord, type Keys, NetworkRecord, NodeRecord, type StoredKey } from '@wgcni/store';
import { isKeyText } from '@wgcni/wg';
import type { NetworkPlan } from './cluster-view.ts';
import { isUsableNetwork, networkPlanOf } from './network-plan.ts';
import type { MeshSnapshot, NodeEntry, Tombstone } from './snapshot.ts';

type Entry =
  | { kind: 'network'; network: NetworkPlan }
  | { kind: 'node'; node: NodeEntry; draining: boolean }
  | { kind: 'gone'; tombstone: Tombstone }
  | { kind: 'quarantined'; key: string; nodeId?: string }
  | { kind: 'other' };

/** What was read of items before: an item that is the same object need not be decoded again. */
export type EntryMemory = WeakMap<StoredKey, Entry>;

/** The snapshot of `items`, which are all keys under `keys.mesh` at `revision`. */
export function readSnapshot(
  items: Iterable<StoredKey>,
  revision: number,
  keys: Keys,
  memory: EntryMemory = new WeakMap(),
): MeshSnapshot {
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
    const known = memory.get(item);
    const entry = known ?? entryOf(item, keys);
    if (known === undefined) memory.set(item, entry);
    add(entry, snapshot);
  }
  return snapshot;
}

function add(entry: Entry, snapshot: MeshSnapshot): void {
  switch (entry.kind) {
    case 'network':
      snapshot.network = entry.network;
      return;
    case 'node':
      snapshot.nodes.push(entry.node);
      if (entry.draining) snapshot.draining.push(entry.node.nodeId);
      return;
    case 'gone':
      snapshot.gone.push(entry.tombstone);
      return;
    case 'quarantined':
      snapshot.quarantined.push(entry.key);
      if (entry.nodeId !== undefined) snapshot.quarantinedNodes.push(entry.nodeId);
      return;
    case 'other':
      return;
  }
}

function entryOf(item: StoredKey, keys: Keys): Entry {
  if (item.key === keys.network) return networkOf(item);
  if (item.key.startsWith(keys.nodes)) return nodeOf(item, item.key.slice(keys.nodes.length));
  if (item.key.startsWith(keys.gone)) return goneOf(item);
  return { kind: 'other' };
}

function networkOf(item: StoredKey): Entry {
  const decoded = decodeRecord(NetworkRecord, item);
  if (decoded.kind === 'quarantined' || !isUsableNetwork(decoded.record)) {
    return { kind: 'quarantined', key: item.key };
  }
  return { kind: 'network', network: networkPlanOf(decoded.record) };
}

function nodeOf(item: StoredKey, nodeId: string): Entry {
  const decoded = decodeRecord(NodeRecord, item);
  if (decoded.kind === 'quarantined' || !isUsable(decoded.record, nodeId)) {
    return { kind: 'quarantined', key: item.key, nodeId };
  }
  const { publicKey, endpoints, subnets, draining } = decoded.record;
  const grants = subnets.map(({ cidr, grantId }) => ({ cidr, grantId }));
  return {
    kind: 'node',
    node: { nodeId, publicKey, endpoints, subnets: grants, modRevision: item.modRevision },
    draining,
  };
}

/** A record that fits its schema may still hold what the kernel would refuse. */
function isUsable({ nodeId, publicKey, subnets }: NodeRecord, named: string): boolean {
  return nodeId === named && isKeyText(publicKey) && subnets.every(({ cidr }) => tryParseCidr(cidr) !== undefined);
}

function goneOf(item: StoredKey): Entry {
  const decoded = decodeRecord(GoneRecord, item);
  if (decoded.kind === 'quarantined') return { kind: 'quarantined', key: item.key };
  const { kind, why, nodeId, publicKey, subnets } = decoded.record;
  if (kind === 'client') return { kind: 'other' };
  return { kind: 'gone', tombstone: { kind, why, nodeId, publicKey, subnets, modRevision: item.modRevision } };
}
