/** PURE: the part of the view that the attachments work by. */
import { parseCidr } from '@wgcni/ipam';
import type { NodeView } from '../node-view.ts';
import type { ClusterView } from './cluster-view.ts';

/** Undefined before the network is known. Refused grants are not in it. */
export function nodeViewOf({ network, grants, refused }: ClusterView): NodeView | undefined {
  if (network === null) return undefined;
  const isRefused = (cidr: string): boolean => refused.some((one) => one.cidr === cidr);
  return {
    networkId: network.networkId,
    mtu: network.mtu,
    keepaliveSec: network.keepaliveSec,
    link: network.link ?? 'wireguard',
    pools: network.pools.map(({ cidr }) => parseCidr(cidr)),
    clientPools: (network.clientPools ?? []).map((cidr) => parseCidr(cidr)),
    grants: grants
      .filter(({ cidr }) => !isRefused(cidr))
      .map(({ cidr, grantId }) => ({ cidr: parseCidr(cidr), grantId })),
  };
}
