/** PURE: whom a client has as peers, and what it sends to each (decision 0008). */
import type { EndpointFamily } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { formatCidr, narrowBlocks, parseCidr, withoutInner, type Cidr } from '@wgcni/ipam';
import type { ClientRecord, NodeRecord } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';
import { blocksOfMesh, blocksOfNode, clientPoolsOf } from './mesh-blocks.ts';

export interface ClientPeer {
  nodeId: string;
  publicKey: string;
  endpoint: string;
  allowedIps: string[];
}

/**
 * Each node that has something the client may send to, with that; or the one node that it dials, with all of it. Throws CatalogueError `node.unknown`
 * when that one is not there any more.
 */
export function peersOf(state: ClusterState, client: ClientRecord, family?: EndpointFamily): ClientPeer[] {
  const { via, allowedIps } = client;
  const wanted = allowedIps?.map((text) => parseCidr(text));
  if (via === null) {
    const nodes = state.nodes.all().map(({ record }) => record);
    return nodes.flatMap((node) => peerOf(node, narrowed(blocksOfNode(node), wanted), family));
  }
  const node = state.nodeOf(via)?.record;
  if (node === undefined) throw lostVia(client.name, via);
  // What it says goes all by the one node: also what is outside the mesh, and other clients.
  return peerOf(node, wanted ?? withoutInner([...blocksOfMesh(state), ...clientPoolsOf(state)]), family);
}

function narrowed(blocks: readonly Cidr[], wanted: readonly Cidr[] | undefined): Cidr[] {
  return wanted === undefined ? withoutInner(blocks) : narrowBlocks(blocks, wanted);
}

/** Nobody is dialled for nothing. */
function peerOf(
  { nodeId, publicKey, endpoints }: NodeRecord,
  blocks: readonly Cidr[],
  family: EndpointFamily | undefined,
): ClientPeer[] {
  const endpoint = endpoints.find((each) => family !== undefined && familyOf(each) === family) ?? endpoints[0];
  if (endpoint === undefined || blocks.length === 0) return [];
  return [{ nodeId, publicKey, endpoint, allowedIps: blocks.map(formatCidr) }];
}

function familyOf(endpoint: string): EndpointFamily {
  return endpoint.startsWith('[') ? '6' : '4';
}

function lostVia(name: string, via: string): CatalogueError {
  return new CatalogueError('node.unknown', `the node ${via}, by which ${name} dials in, is not there any more`, {
    field: 'via',
    remedy: `give it another: wgcni client add ${name} --public-key KEY --via NODE`,
  });
}
