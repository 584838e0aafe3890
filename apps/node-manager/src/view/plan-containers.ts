/** PURE: other nodes' containers of the next view; none goes without a readable cause (design §4.6, decision 0008). */
import type { ClusterView, KnownContainers, KnownNode } from './cluster-view.ts';
import type { ContainersEntry, MeshSnapshot } from './snapshot.ts';

export interface ContainersCircumstances {
  snapshot: MeshSnapshot;
  /** Whether the store went back. */
  wentBack: boolean;
  /** The nodes of the next view, without this one. */
  nodes: readonly Pick<KnownNode, 'nodeId'>[];
}

/**
 * A node's newer record that does not list a container takes it away, and so does what takes its node away. A record that is missing or cannot be read
 * does not: a store that lost it says nothing of the containers.
 */
export function planContainers(
  known: ClusterView,
  { snapshot, wentBack, nodes }: ContainersCircumstances,
): KnownContainers[] {
  const last = known.containers ?? [];
  const before = new Map(last.map((one) => [one.nodeId, one]));
  const shown = new Set(snapshot.containers.map(({ nodeId }) => nodeId));
  const present = new Set(nodes.map(({ nodeId }) => nodeId));
  return [
    ...snapshot.containers.map((entry) => nextOf(entry, before.get(entry.nodeId), wentBack)),
    ...last.filter(({ nodeId }) => !shown.has(nodeId)),
  ]
    .filter(({ nodeId }) => present.has(nodeId))
    .sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
}

/** What the store shows, unless it went back to an older form of what is known. */
function nextOf(entry: ContainersEntry, before: KnownContainers | undefined, wentBack: boolean): KnownContainers {
  // One that is new is believed at once: nothing is sent to a container before it has answered a handshake.
  if (before === undefined) return entry;
  const isDoubted = wentBack ? !isSame(entry, before) : before.doubtedRevision === entry.modRevision;
  // FENCE: a record from before the store went back is older than what we know, until its node writes it again.
  return isDoubted ? { ...before, doubtedRevision: entry.modRevision } : entry;
}

function isSame(entry: ContainersEntry, known: KnownContainers): boolean {
  return JSON.stringify(entry.containers) === JSON.stringify(known.containers);
}
