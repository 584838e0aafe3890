/** Desired beside observed on one node: the peers, routes and registration that etcd's records ask for, and what is there. Pure. */
import type { NodeStatus } from '@wgcni/api';
import type { NodeRecord } from '@wgcni/store';

/** What was read of a node's namespace and of its node-manager. */
export interface Observed {
  status: Pick<
    NodeStatus,
    'nodeId' | 'isRegistered' | 'isViewStored' | 'readiness' | 'drift' | 'quarantined' | 'subnets'
  > & {
    peers: Pick<NodeStatus['peers'][number], 'publicKey' | 'state' | 'allowedIps' | 'unaccounted'>[];
  };
  /** Allowed IPs of each peer of the mesh device, by public key. */
  peers: ReadonlyMap<string, readonly string[]>;
  /** Destinations of routes by the mesh device. */
  routes: readonly string[];
}

/** Every difference, in words; empty when the node is as etcd's records want it. */
export function differencesOf(records: readonly NodeRecord[], { status, peers, routes }: Observed): string[] {
  const { nodeId } = status;
  const own = records.find((record) => record.nodeId === nodeId);
  // What a store that lost history does not know any more, or knows in an older form only, stays as it was until it is written
  // again, on purpose, and is shown as that (design §4.6, §4.15).
  const unaccounted = status.peers.filter(({ state }) => state === 'unaccounted');
  const kept = new Set(unaccounted.map(({ publicKey }) => publicKey));
  const keptRoutes = new Set(unaccounted.flatMap(({ allowedIps }) => allowedIps));
  const leftOver = new Map(status.peers.map((peer) => [peer.publicKey, peer.unaccounted]));
  const wanted = new Map(
    records
      .filter((record) => record.nodeId !== nodeId && !kept.has(record.publicKey))
      .map(({ publicKey, subnets }) => {
        const cidrs = new Set([...subnets.map(({ cidr }) => cidr), ...(leftOver.get(publicKey) ?? [])]);
        return [publicKey, [...cidrs].sort()];
      }),
  );
  const wantedRoutes = new Set([...wanted.values()].flat());
  const found = new Set(routes);
  const say = (words: string): string => `${nodeId} ${words}`;
  return [
    ...(own === undefined ? [say('has no record')] : []),
    ...(status.isRegistered ? [] : [say('is not registered')]),
    ...(status.isViewStored ? [say('works from its stored view')] : []),
    ...(status.readiness === 'ready' ? [] : [say(`is ${status.readiness}`)]),
    ...[...status.drift, ...status.quarantined].map((words) => say(`says: ${words}`)),
    ...(same(own?.subnets.map(({ cidr }) => cidr) ?? [], status.subnets)
      ? []
      : [
          say(
            `has subnets ${status.subnets.join(', ')}, recorded are ${own?.subnets.map(({ cidr }) => cidr).join(', ')}`,
          ),
        ]),
    ...[...wanted].flatMap(([publicKey, cidrs]) => {
      const allowed = peers.get(publicKey);
      if (allowed === undefined) return [say(`lacks the peer ${publicKey}`)];
      return same(allowed, cidrs)
        ? []
        : [say(`allows ${publicKey} ${allowed.join(', ')} instead of ${cidrs.join(', ')}`)];
    }),
    ...[...peers.keys()]
      .filter((publicKey) => !wanted.has(publicKey) && !kept.has(publicKey))
      .map((publicKey) => say(`has a peer ${publicKey} that nobody asked for`)),
    ...[...wantedRoutes].filter((cidr) => !found.has(cidr)).map((cidr) => say(`lacks the route to ${cidr}`)),
    ...[...found]
      .filter((cidr) => !wantedRoutes.has(cidr) && !keptRoutes.has(cidr))
      .map((cidr) => say(`has a route to ${cidr} that nobody asked for`)),
  ];
}

function same(one: readonly string[], other: readonly string[]): boolean {
  return one.toSorted().join() === other.toSorted().join();
}
