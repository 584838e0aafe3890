/** PURE: the status of a node of an earlier version, which does not say everything that is asked for here. */
import type { NodeStatus } from '@wgcni/api';

/** What came later than the first version, as it is where a node says nothing of it: nothing is wrong, and nothing is shown. */
const unsaid = {
  clients: [],
  certificates: [],
  contested: [],
  direct: { pairs: 0, due: 0, farPairs: 0, farDue: 0, published: 0, unpublished: 0 },
  mtu: { network: null, underlay: null, problem: null, waiting: [] },
  paths: [],
  pathsProblem: null,
  policy: null,
  tunnels: [],
  tunnelsProblem: null,
  tunnelTurnSec: 0,
} as const satisfies Partial<NodeStatus>;

/** Names of the fields that a node may leave out. */
export const saidLater = Object.keys(unsaid);

/** The same with everything in it, for whoever writes text of it; what is printed as JSON is what the node has said. */
export function completed(said: NodeStatus): NodeStatus {
  const status: NodeStatus = { ...structuredClone(unsaid), ...said };
  return {
    ...status,
    direct: { ...unsaid.direct, ...said.direct },
    peers: said.peers.map((peer) => ({ ...peer, unaccounted: peer.unaccounted ?? [] })),
  };
}
