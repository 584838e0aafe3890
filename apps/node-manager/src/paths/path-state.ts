/** PURE: which paths there are to try, and what is thought of one. */
import type { NodeStatus } from '@wgcni/api';
import { formatAddress } from '@wgcni/ipam';
import { type ObservedPeer, tryParseEndpoint, tunnelOverhead } from '@wgcni/wg';
import type { ClusterView } from '../view/cluster-view.ts';

/** The way to the endpoint that a peer is dialled at now. */
export interface PathTarget {
  nodeId: string;
  endpoint: string;
  /** The endpoint's address, as canonical text. */
  address: string;
  /** What WireGuard adds to a packet on this way, in bytes. */
  overhead: number;
}

/** As the status shows it. */
export type PathState = NodeStatus['paths'][number];
/** `unknown`: it answers to nothing. */
export type PathVerdict = 'fits' | 'too-small' | 'unknown';

/** The paths to the other nodes that the device has an endpoint for, in the order of the nodes' ids. */
export function pathTargets({ nodes }: Pick<ClusterView, 'nodes'>, peers: readonly ObservedPeer[]): PathTarget[] {
  const endpoints = new Map<string, string | undefined>(peers.map(({ publicKey, endpoint }) => [publicKey, endpoint]));
  return [...nodes]
    .sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1))
    .flatMap(({ nodeId, publicKey }): PathTarget[] => {
      const text = endpoints.get(publicKey);
      const endpoint = text === undefined ? undefined : tryParseEndpoint(text);
      if (text === undefined || endpoint === undefined) return [];
      const { address } = endpoint;
      return [{ nodeId, endpoint: text, address: formatAddress(address), overhead: tunnelOverhead[address.family] }];
    });
}

export function verdictOf({ carries, needs }: Pick<PathState, 'carries' | 'needs'>): PathVerdict {
  if (carries === null) return 'unknown';
  return carries < needs ? 'too-small' : 'fits';
}
