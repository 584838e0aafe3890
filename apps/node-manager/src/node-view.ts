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
