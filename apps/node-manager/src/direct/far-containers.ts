/** PURE: other nodes' containers as direct peers of ours, and where their packets come from. */
import { type Address, containsAddress, formatAddress, parseCidr, tryParseAddress } from '@wgcni/ipam';
import { formatEndpoint, type Peer, type PublicKey, tryParseEndpoint } from '@wgcni/wg';
import { hostCidr } from '../attachments/container-device.ts';
import type { ClusterView, KnownContainers, KnownNode } from '../view/cluster-view.ts';

export interface FarContainer {
  publicKey: PublicKey;
  /** At its node's underlay, with its own port. */
  endpoint: string;
  allowedIps: Peer['allowedIps'];
}

/**
 * Those of every node that is known, where the network wants them. `dialled` is the endpoint by which a node is reached now, by its public key; where none is
 * known it is the first that the node published. A node speaks for the addresses of its own subnets alone; a key that two nodes name is nobody's.
 */
export function farContainers(view: ClusterView, dialled: ReadonlyMap<string, string> = new Map()): FarContainer[] {
  if (view.network?.direct !== 'cluster') return [];
  const nodes = new Map(view.nodes.map((node) => [node.nodeId, node]));
  const all = (view.containers ?? []).flatMap((published): FarContainer[] => {
    const node = nodes.get(published.nodeId);
    return node === undefined ? [] : ofNode(published, node, dialled.get(node.publicKey) ?? node.endpoints[0]);
  });
  const times = new Map<PublicKey, number>();
  for (const { publicKey } of all) times.set(publicKey, (times.get(publicKey) ?? 0) + 1);
  return all.filter(({ publicKey }) => times.get(publicKey) === 1);
}

/** The addresses from which containers of other nodes may speak with ours: those of the nodes that publish any. */
export function farSources({ network, nodes, containers = [] }: ClusterView): string[] {
  if (network?.direct !== 'cluster') return [];
  const publishing = new Set(containers.filter((one) => one.containers.length > 0).map(({ nodeId }) => nodeId));
  const addresses = nodes
    .filter(({ nodeId }) => publishing.has(nodeId))
    .flatMap(({ endpoints }) => endpoints.flatMap((text) => addressOf(text) ?? []));
  return [...new Set(addresses)].sort();
}

function ofNode({ containers }: KnownContainers, { subnets }: KnownNode, dialled: string | undefined): FarContainer[] {
  const endpoint = dialled === undefined ? undefined : tryParseEndpoint(dialled);
  if (endpoint === undefined) return [];
  const own = subnets.map(({ cidr }) => parseCidr(cidr));
  const isOwn = (address: Address | undefined): boolean =>
    address !== undefined && own.some((subnet) => containsAddress(subnet, address));
  return containers
    .filter(({ addresses }) => addresses.every((text) => isOwn(tryParseAddress(text))))
    .map(({ publicKey, port, addresses }) => ({
      publicKey: publicKey as PublicKey,
      endpoint: formatEndpoint({ ...endpoint, port }),
      allowedIps: addresses.map(hostCidr).sort(),
    }));
}

function addressOf(endpoint: string): string | undefined {
  const parsed = tryParseEndpoint(endpoint);
  return parsed === undefined ? undefined : formatAddress(parsed.address);
}
