/** PURE: the next view from the last one and what the store shows; nothing goes without a readable cause (design §4.6, §4.15). */
import type { ClusterView, GrantText, KnownClient, KnownNode } from './cluster-view.ts';
import { withoutContested } from './contested-subnets.ts';
import { departedKeys } from './departed-keys.ts';
import { planClients } from './plan-clients.ts';
import { planContainers } from './plan-containers.ts';
import type { MeshSnapshot, NodeEntry, Tombstone } from './snapshot.ts';

/** Why a snapshot, or a part of it, was not believed; each is an alarm. */
export type ViewAlarm =
  | { kind: 'network-foreign'; networkId: string }
  | { kind: 'network-absent' }
  | { kind: 'store-went-back'; from: number; to: number }
  | { kind: 'unaccounted'; nodeId: string }
  | { kind: 'subnet-unaccounted'; nodeId: string; cidr: string }
  | { kind: 'client-unaccounted'; client: string }
  | { kind: 'grant-lost'; cidr: string; why: string };

export interface ViewPlan {
  view: ClusterView;
  alarms: ViewAlarm[];
}

/** The view after `snapshot`. A snapshot of another network changes nothing. */
export function planView(last: ClusterView, snapshot: MeshSnapshot, selfId: string): ViewPlan {
  const { network } = snapshot;
  if (network !== undefined && last.network !== null && network.networkId !== last.network.networkId) {
    // FENCE: another network id is another cluster in the place of ours.
    return { view: last, alarms: [{ kind: 'network-foreign', networkId: network.networkId }] };
  }
  const wentBack = snapshot.revision < last.revision;
  const known = wentBack ? asOf(last, snapshot.revision) : last;
  const before = new Map(known.nodes.map((node) => [node.nodeId, node]));
  const shown = snapshot.nodes
    .filter(({ nodeId }) => nodeId !== selfId)
    .map((entry) => nextOf(entry, before.get(entry.nodeId), { snapshot, wentBack }));
  const present = new Set(snapshot.nodes.map(({ nodeId }) => nodeId));
  const missing = known.nodes
    .filter(({ nodeId }) => !present.has(nodeId) && nodeId !== selfId)
    .flatMap((node) => keptOf(node, snapshot));
  const nodes = withoutContested([...shown, ...missing]);
  const clients = planClients(known, { snapshot, wentBack, selfId });
  const containers = planContainers(known, { snapshot, wentBack, nodes });
  const { grants, lost } = ownGrants(known, snapshot, { nodes, selfId });
  const view: ClusterView = {
    ...withoutContainers(known),
    revision: snapshot.revision,
    network: network ?? last.network,
    ownRoutes: snapshot.nodes.find(({ nodeId }) => nodeId === selfId)?.routes ?? known.ownRoutes ?? [],
    nodes: nodes.map((node) => withoutOurs(node, grants)),
    clients,
    ...(containers.length === 0 ? {} : { containers }),
    departed: departedKeys(last, snapshot, { nodes, clients }),
    grants,
    leaving: [...known.leaving, ...known.grants.filter((grant) => !grants.includes(grant))],
  };
  const alarms: ViewAlarm[] = [
    ...(network === undefined ? [{ kind: 'network-absent' as const }] : []),
    ...(wentBack ? [{ kind: 'store-went-back' as const, from: last.revision, to: snapshot.revision }] : []),
    ...newlyUnaccounted(last, nodes),
    ...newlyUnaccountedClients(last, clients),
    ...lost,
  ];
  return { view, alarms };
}

/** What is known, dated no later than `revision`: revisions of a store that went back begin again there. */
function asOf(last: ClusterView, revision: number): ClusterView {
  const dated = <T extends { modRevision: number }>(one: T): T => ({
    ...one,
    modRevision: Math.min(one.modRevision, revision),
  });
  const [nodes, clients] = [last.nodes.map(dated), (last.clients ?? []).map(dated)];
  return { ...last, nodes, clients, grantsRevision: Math.min(last.grantsRevision, revision) };
}

interface Circumstances {
  snapshot: MeshSnapshot;
  wentBack: boolean;
}

/** A node that the store shows: as it is shown, unless the store went back to an older form of it. */
function nextOf(entry: NodeEntry, before: KnownNode | undefined, { snapshot, wentBack }: Circumstances): KnownNode {
  if (before === undefined) {
    const doubt = wentBack
      ? { state: 'unaccounted' as const, doubtedRevision: entry.modRevision }
      : { state: 'present' as const };
    return { ...copyOf(entry), ...doubt };
  }
  const isDoubted = wentBack ? !sameRecord(entry, before) : before.doubtedRevision === entry.modRevision;
  // FENCE: a record from before the store went back is older than what we know, until it is written again.
  if (isDoubted) return { ...before, state: 'unaccounted', doubtedRevision: entry.modRevision };
  const shownGrants = new Set(entry.subnets.map(({ grantId }) => grantId));
  const vanished = before.subnets
    .filter(
      ({ cidr, grantId }) =>
        !shownGrants.has(grantId) &&
        !entry.subnets.some((shown) => shown.cidr === cidr) &&
        !isTombstoned(before, grantId, snapshot.gone),
    )
    .map((subnet) => ({ ...subnet, isUnaccounted: true as const }));
  return { ...copyOf(entry), subnets: [...entry.subnets, ...vanished], state: 'present' };
}

/** A node that the store does not show: gone by its tombstone, else kept with what no tombstone names. */
function keptOf(node: KnownNode, { gone, quarantinedNodes }: MeshSnapshot): KnownNode[] {
  if (quarantinedNodes.includes(node.nodeId)) return [{ ...node, state: 'quarantined' }];
  if (gone.some((tombstone) => buries(tombstone, node))) return [];
  const subnets = node.subnets.filter(({ grantId }) => !isTombstoned(node, grantId, gone));
  return [{ ...node, subnets, state: 'unaccounted' }];
}

/** Whether the tombstone is of this life of the node: newer than its record, and of its key or a grant that it held. */
function buries(tombstone: Tombstone, node: KnownNode): boolean {
  if (tombstone.kind !== 'node' || tombstone.nodeId !== node.nodeId) return false;
  // FENCE: a node that came back may claim the same key and grants again; an older tombstone is of the life before.
  if (tombstone.modRevision <= node.modRevision) return false;
  return (
    tombstone.publicKey === node.publicKey ||
    tombstone.subnets.some(({ grantId }) => node.subnets.some((subnet) => subnet.grantId === grantId))
  );
}

function isTombstoned(
  holder: Pick<KnownNode, 'nodeId' | 'modRevision'>,
  grantId: string,
  gone: readonly Tombstone[],
): boolean {
  return gone.some(
    ({ nodeId, subnets, modRevision }) =>
      nodeId === holder.nodeId &&
      modRevision > holder.modRevision &&
      subnets.some((grant) => grant.grantId === grantId),
  );
}

/** None is the same as there being no list: a node that never saw one keeps its view as it was. */
function withoutContainers({ containers: _, ...view }: ClusterView): ClusterView {
  return view;
}

/** What only our memory leaves to another node goes when it is ours: that is the newer grant. */
function withoutOurs(node: KnownNode, grants: readonly GrantText[]): KnownNode {
  const isOurs = (cidr: string): boolean => grants.some((grant) => grant.cidr === cidr);
  const subnets = node.subnets.filter(
    ({ cidr, isUnaccounted }) => !(isUnaccounted === true || node.state === 'unaccounted') || !isOurs(cidr),
  );
  return subnets.length === node.subnets.length ? node : { ...node, subnets };
}

/** Our own grants are what the registration said, less what was taken from us since then for a readable cause. */
function ownGrants(
  { grants, grantsRevision }: ClusterView,
  { gone }: MeshSnapshot,
  { nodes, selfId }: { nodes: readonly KnownNode[]; selfId: string },
): { grants: GrantText[]; lost: ViewAlarm[] } {
  const self = { nodeId: selfId, modRevision: grantsRevision };
  const whyLost = ({ cidr, grantId }: GrantText): string | undefined => {
    if (isTombstoned(self, grantId, gone)) return 'its tombstone';
    const taker = nodes.find(
      ({ state, modRevision, subnets }) =>
        state === 'present' &&
        modRevision > grantsRevision &&
        subnets.some((subnet) => subnet.cidr === cidr && subnet.isUnaccounted !== true),
    );
    return taker === undefined ? undefined : `a newer grant to ${taker.nodeId}`;
  };
  const judged = grants.map((grant) => ({ grant, why: whyLost(grant) }));
  return {
    grants: judged.filter(({ why }) => why === undefined).map(({ grant }) => grant),
    lost: judged.flatMap(({ grant, why }) =>
      why === undefined ? [] : [{ kind: 'grant-lost' as const, cidr: grant.cidr, why }],
    ),
  };
}

function newlyUnaccounted(last: ClusterView, nodes: readonly KnownNode[]): ViewAlarm[] {
  const known = new Map(last.nodes.map((node) => [node.nodeId, node]));
  return nodes.flatMap(({ nodeId, state, subnets }): ViewAlarm[] => {
    const before = known.get(nodeId);
    const vanished = subnets
      .filter(({ isUnaccounted }) => isUnaccounted)
      .filter(({ grantId }) => !before?.subnets.some((one) => one.grantId === grantId && one.isUnaccounted));
    return [
      ...(state === 'unaccounted' && before?.state !== state ? [{ kind: 'unaccounted' as const, nodeId }] : []),
      ...vanished.map(({ cidr }) => ({ kind: 'subnet-unaccounted' as const, nodeId, cidr })),
    ];
  });
}

function newlyUnaccountedClients(last: ClusterView, clients: readonly KnownClient[]): ViewAlarm[] {
  const known = new Set((last.clients ?? []).filter(({ state }) => state === 'unaccounted').map(({ name }) => name));
  return clients
    .filter(({ name, state }) => state === 'unaccounted' && !known.has(name))
    .map(({ name }) => ({ kind: 'client-unaccounted', client: name }));
}

function sameRecord(entry: NodeEntry, node: KnownNode): boolean {
  return JSON.stringify(contentOf(entry)) === JSON.stringify(contentOf(node));
}

type Content = Pick<KnownNode, 'publicKey' | 'endpoints' | 'subnets' | 'routes'>;

function contentOf({ publicKey, endpoints, subnets, routes = [] }: Content): unknown {
  const recorded = subnets.filter(({ isUnaccounted }) => isUnaccounted !== true);
  return [publicKey, endpoints, recorded.map(({ cidr, grantId }) => [cidr, grantId]), routes];
}

function copyOf({ nodeId, publicKey, endpoints, subnets, routes = [], modRevision }: NodeEntry): NodeEntry {
  return { nodeId, publicKey, endpoints, subnets, ...(routes.length === 0 ? {} : { routes }), modRevision };
}
