/** PURE: which of the tunnels that are not up a report names, when there are more than it may name. */
import { mostTunnelsNamed } from './reports.ts';

export interface Nameable {
  /** The other end. */
  nodeId: string;
  state: string;
}

/**
 * At most `mostTunnelsNamed`, in the order of their names. The broken ones come before others; of those that are alike, the ones that come after the node's own
 * name, then from the first name on. So each node names others, all ends are named by somebody where everything is broken, and it is the same ones at the next look.
 */
export function nameTunnels<T extends Nameable>(nodeId: string, tunnels: readonly T[]): T[] {
  if (tunnels.length <= mostTunnelsNamed) return [...tunnels];
  const placeOf = (one: T): number => (one.state === 'broken' ? 0 : 2) + (one.nodeId > nodeId ? 0 : 1);
  return [...tunnels]
    .sort((one, other) => placeOf(one) - placeOf(other) || byName(one, other))
    .slice(0, mostTunnelsNamed)
    .sort(byName);
}

function byName(one: Nameable, other: Nameable): number {
  return one.nodeId < other.nodeId ? -1 : 1;
}
