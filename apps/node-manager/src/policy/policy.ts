/** Who may reach whom, as one node enforces it: the network's options and rules with the addresses they speak of (decision 0008). */
import type { Address, Cidr, NetworkOptions, Rule } from '@wgcni/ipam';

export interface Policy extends Pick<NetworkOptions, 'isolation'> {
  rules: readonly Rule[];
  /** With the length of the nodes' subnets: the first address of each such block is its node's own, and never a container's. */
  pools: readonly { cidr: Cidr; prefixLength: number }[];
  clientPools: readonly Cidr[];
  /** Addresses of the clients that containers may reach without a rule. */
  reachable: readonly Address[];
  /** Networks behind this node that it offers and an operator approved: who is there may begin to speak with containers and clients. */
  routes: readonly Cidr[];
  /** TCP ports of a node's own services that need no rule. */
  nodePorts: readonly number[];
}
