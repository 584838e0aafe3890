/** PURE: whether a registration may be taken at all; every refusal names the value and the remedy. */
import type { RegisterInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { type Cidr, containsAddress, formatCidr, parseAddress, parseCidr } from '@wgcni/ipam';
import { refuseReader } from '../network/readers.ts';
import type { ClusterState } from '../state/cluster-state.ts';

/** Bytes of WireGuard's own over IPv6: 40 + 8 + 32 (outer header, UDP, WireGuard). */
export const wireguardOverhead = 80;

/**
 * Throws CatalogueError for the first reason to refuse. An underlay that is too small is no reason against a node that holds subnets already:
 * it would lose them, and its containers reach each other still. Its status says what is wrong.
 */
export function admit(state: ClusterState, nodeId: string, input: RegisterInput): void {
  const { record: network } = state.theNetwork();
  refuseOtherNetwork(network.networkId, input);
  refuseReader(network, input);
  const isMember = (state.nodes.get(state.keys.node(nodeId))?.record.subnets.length ?? 0) > 0;
  if (!isMember && isUnderlayTooSmall(input, network.mtu)) {
    throw new CatalogueError(
      'mtu.too-large',
      `the network's MTU ${network.mtu} does not fit the underlay's ${input.underlayMtu}: WireGuard needs ${wireguardOverhead} bytes of it`,
      {
        field: 'underlayMtu',
        remedy: `raise the underlay's MTU to ${network.mtu + wireguardOverhead}, or lower the network's: \`wgcni network set --mtu ${input.underlayMtu - wireguardOverhead}\``,
      },
    );
  }
  refuseEndpointsInPools(state, input.endpoints);
  // What is wrong with an offer otherwise is said to the operator who approves it.
  for (const text of input.offers ?? []) parseCidr(text, 'offers');
  refuseForeignKey(state, nodeId, input.publicKey);
  const registration = state.registrationOf(nodeId)?.record;
  if (registration !== undefined && registration.instance !== input.instance && input.takeOver !== true)
    throw otherInstance(nodeId);
  const tombstone = state.gone.get(state.keys.goneEntry('node', nodeId))?.record;
  if (tombstone?.why === 'deleted' && input.takeOver !== true) {
    throw new CatalogueError('node.deleted', `${nodeId} was deleted from the cluster`, {
      field: 'nodeId',
      remedy: 'start its node-manager once with --take-over to let it join again',
    });
  }
}

/** Whether packets of the network's MTU do not fit the node's underlay, whichever family carries them. */
export function isUnderlayTooSmall({ underlayMtu }: Pick<RegisterInput, 'underlayMtu'>, mtu: number): boolean {
  return underlayMtu - wireguardOverhead < mtu;
}

/** Another instance of the node id lives. */
export function otherInstance(nodeId: string): CatalogueError {
  return new CatalogueError('node.registered', `another instance of ${nodeId} is registered and alive`, {
    field: 'nodeId',
    remedy: 'give this machine another --node-id, or start it with --take-over if the other one is to end',
  });
}

function refuseOtherNetwork(networkId: string, input: RegisterInput): void {
  if (input.networkId === undefined || input.networkId === networkId) return;
  throw new CatalogueError(
    'network.mismatch',
    `the node belongs to network ${input.networkId}; this cluster's is ${networkId}`,
    {
      field: 'networkId',
      remedy: 'restore the right network, or tear the node down before it joins another',
    },
  );
}

function refuseEndpointsInPools(state: ClusterState, endpoints: readonly string[]): void {
  const blocks = meshBlocks(state);
  for (const endpoint of endpoints) {
    const match = /^\[?([^\]]+?)\]?:([0-9]+)$/.exec(endpoint);
    const address = parseAddress(match?.[1] ?? '', 'endpoints');
    const port = Number(match?.[2]);
    if (port < 1 || port > 65_535) {
      throw new CatalogueError('request.invalid', `endpoint "${endpoint}" has no port between 1 and 65535`, {
        field: 'endpoints',
        remedy: 'name the UDP port that the node listens on',
      });
    }
    const taken = blocks.find(({ cidr }) => containsAddress(cidr, address));
    if (taken === undefined) continue;
    throw new CatalogueError(
      'request.invalid',
      `endpoint "${endpoint}" lies in the ${taken.what} ${formatCidr(taken.cidr)}`,
      {
        field: 'endpoints',
        remedy: "publish an address of the underlay: the mesh cannot carry its own tunnels' packets",
      },
    );
  }
}

/** What is routed into the mesh. */
function meshBlocks(state: ClusterState): { what: string; cidr: Cidr }[] {
  const { pools, clientPools = [] } = state.theNetwork().record;
  return [
    ...pools.map(({ cidr }) => ({ what: 'pool', cidr: parseCidr(cidr) })),
    ...clientPools.map((cidr) => ({ what: 'client pool', cidr: parseCidr(cidr) })),
    ...state.approvedRoutes().map(({ cidr }) => ({ what: 'approved route', cidr })),
  ];
}

function refuseForeignKey(state: ClusterState, nodeId: string, publicKey: string): void {
  const claim = state.claims.get(state.keys.keyClaim(publicKey))?.record;
  if (claim === undefined || claim.nodeId === nodeId) return;
  throw new CatalogueError('key.claimed', `the public key ${publicKey} is claimed by ${claim.nodeId}`, {
    field: 'publicKey',
    remedy: 'generate a key pair of its own for each node: remove the copied key file and start again',
  });
}
