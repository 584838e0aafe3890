/** PURE: the keys under `mesh/` as a snapshot; what cannot be read, or could not be worked by, is quarantined. */
import { tryParseCidr } from '@wgcni/ipam';
import { decodeRecord, GoneRecord, type Keys, NetworkRecord, NodeRecord, type StoredKey } from '@wgcni/store';
import { isKeyText } from '@wgcni/wg';
import type { NetworkPlan } from './cluster-view.ts';
import { isUsableNetwork, networkPlanOf } from './network-plan.ts';
import { isOfClientPools, readClient } from './read-client.ts';
import { readContainers } from './read-containers.ts';
import type { ClientEntry, ContainersEntry, MeshSnapshot, NodeEntry, Tombstone } from './snapshot.ts';

type Entry =
  | { kind: 'network'; network: NetworkPlan }
  | { kind: 'node'; node: NodeEntry; draining: boolean }
  | { kind: 'client'; client: ClientEntry }
  | { kind: 'containers'; entry: ContainersEntry }
  | { kind: 'gone'; tombstone: Tombstone }
  | { kind: 'quarantined'; key: string; nodeId?: string; client?: string }
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
    clients: [],
    containers: [],
    draining: [],
    gone: [],
    quarantined: [],
    quarantinedNodes: [],
    quarantinedClients: [],
  };
  for (const item of items) {
    const known = memory.get(item);
    const entry = known ?? entryOf(item, keys);
    if (known === undefined) memory.set(item, entry);
    add(entry, snapshot);
  }
  return withoutStrayClients(snapshot, keys);
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
    case 'client':
      snapshot.clients.push(entry.client);
      return;
    case 'containers':
      snapshot.containers.push(entry.entry);
      return;
    case 'gone':
      snapshot.gone.push(entry.tombstone);
      return;
    case 'quarantined':
      snapshot.quarantined.push(entry.key);
      if (entry.nodeId !== undefined) snapshot.quarantinedNodes.push(entry.nodeId);
      if (entry.client !== undefined) snapshot.quarantinedClients.push(entry.client);
      return;
    case 'other':
      return;
  }
}

function entryOf(item: StoredKey, keys: Keys): Entry {
  if (item.key === keys.network) return networkOf(item);
  if (item.key.startsWith(keys.nodes)) return nodeOf(item, item.key.slice(keys.nodes.length));
  if (item.key.startsWith(keys.clients)) return clientOf(item, item.key.slice(keys.clients.length));
  if (item.key.startsWith(keys.containers)) return containersOf(item, item.key.slice(keys.containers.length));
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
  const { publicKey, endpoints, subnets, draining, offers = [], routes = [] } = decoded.record;
  // In effect is what the node offers and an operator approved.
  const inEffect = offers.filter((route) => routes.includes(route));
  const grants = subnets.map(({ cidr, grantId }) => ({ cidr, grantId }));
  return {
    kind: 'node',
    node: { nodeId, publicKey, endpoints, subnets: grants, routes: inEffect, modRevision: item.modRevision },
    draining,
  };
}

/** A record that fits its schema may still hold what the kernel would refuse. */
function isUsable({ nodeId, publicKey, subnets, routes = [] }: NodeRecord, named: string): boolean {
  const blocks = [...subnets.map(({ cidr }) => cidr), ...routes];
  return nodeId === named && isKeyText(publicKey) && blocks.every((cidr) => tryParseCidr(cidr) !== undefined);
}

function clientOf(item: StoredKey, name: string): Entry {
  const client = readClient(item, name);
  return client === undefined ? { kind: 'quarantined', key: item.key, client: name } : { kind: 'client', client };
}

function containersOf(item: StoredKey, nodeId: string): Entry {
  const entry = readContainers(item, nodeId);
  return entry === undefined ? { kind: 'quarantined', key: item.key } : { kind: 'containers', entry };
}

/** A client is judged by the network of the same revision: it is quarantined with an address of no client pool. */
function withoutStrayClients(snapshot: MeshSnapshot, keys: Keys): MeshSnapshot {
  const strays = snapshot.clients.filter((client) => !isOfClientPools(client, snapshot.network));
  if (strays.length === 0) return snapshot;
  const names = strays.map(({ name }) => name);
  return {
    ...snapshot,
    clients: snapshot.clients.filter((client) => !strays.includes(client)),
    quarantined: [...snapshot.quarantined, ...names.map((name) => keys.client(name))],
    quarantinedClients: [...snapshot.quarantinedClients, ...names],
  };
}

function goneOf(item: StoredKey): Entry {
  const decoded = decodeRecord(GoneRecord, item);
  if (decoded.kind === 'quarantined') return { kind: 'quarantined', key: item.key };
  const { kind, why, nodeId, publicKey, subnets } = decoded.record;
  return { kind: 'gone', tombstone: { kind, why, nodeId, publicKey, subnets, modRevision: item.modRevision } };
}
