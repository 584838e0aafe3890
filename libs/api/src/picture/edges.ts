/** PURE: which tunnels are drawn, and how each is. */
import type { Overview } from '../manager/overview.ts';
import { brokenOf, isPresent } from './condition.ts';

/** With more nodes than this only broken tunnels are drawn: more lines than these show nothing. */
export const mostWithAllEdges = 30;

export interface Edge {
  from: string;
  to: string;
  state: 'up' | 'broken' | 'unknown';
  since?: string;
  cause?: string;
}

/** Of few nodes every tunnel, of many those that are broken. */
export function edgesOf(overview: Pick<Overview, 'nodes' | 'tunnels'>): Edge[] {
  if (overview.nodes.length > mostWithAllEdges) return brokenOf(overview);
  const nodes = overview.nodes.filter(({ state }) => state !== 'deleted');
  const listed = new Map(overview.tunnels.map((tunnel) => [pairOf(tunnel.from, tunnel.to), tunnel]));
  return nodes.flatMap((one, index) =>
    nodes.slice(index + 1).map((other): Edge => {
      const tunnel = listed.get(pairOf(one.nodeId, other.nodeId));
      if (tunnel !== undefined) return tunnel;
      const ends = { from: one.nodeId, to: other.nodeId };
      if (!isPresent(one) || !isPresent(other)) return { ...ends, state: 'unknown', cause: 'a node is silent' };
      // Whoever reports names what is not up: nothing named is up, and nothing reported is unknown.
      if (one.report !== null || other.report !== null) return { ...ends, state: 'up' };
      return { ...ends, state: 'unknown', cause: 'neither node has reported' };
    }),
  );
}

/** The broken ones last, so that they lie above the others. */
export function inDrawingOrder(edges: readonly Edge[]): Edge[] {
  const order = { up: 0, unknown: 1, broken: 2 };
  return [...edges].sort((one, other) => order[one.state] - order[other.state]);
}

function pairOf(one: string, other: string): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
