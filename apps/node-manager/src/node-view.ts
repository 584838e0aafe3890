/** What the rest of the node needs of the cluster's plan: the network and the subnets this node holds. */
import type { CatalogueError } from '@wgcni/base';
import type { Cidr } from '@wgcni/ipam';

interface HeldGrant {
  cidr: Cidr;
  grantId: string;
}

export interface NodeView {
  networkId: string;
  mtu: number;
  keepaliveSec: number;
  /** What joins later containers to the node. */
  link: 'wireguard' | 'veth';
  pools: readonly Cidr[];
  clientPools: readonly Cidr[];
  grants: readonly HeldGrant[];
}

/** Whether addresses may be given out at this instant; the error says why not (fenced, no grant, draining, deleted, duplicate). */
export interface Admission {
  refusal(): CatalogueError | undefined;
}

/** The node's two devices and where they listen. */
export const meshDevice = 'wgcni-mesh';
export const podsDevice = 'wgcni-pods';

/** What the names of the node's ends of veths begin with. */
export const nodeEndPrefix = 'wgcni-v';

/** Where containers of this node come in and are reached, as iptables names them: `+` is whatever follows. */
export const containerDevices = [podsDevice, `${nodeEndPrefix}+`] as const;
