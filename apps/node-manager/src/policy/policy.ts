/** Who may reach whom, as one node enforces it: the network's options and rules with the addresses they speak of (decision 0008). */
import type { Address, Cidr } from '@wgcni/ipam';

/** What one rule allows. */
export interface PolicyRule {
  name: string;
  /** CIDRs and the words `containers`, `clients`, `nodes`, `any`. */
  from: readonly string[];
  /** The same, and `node`. */
  to: readonly string[];
  /** `icmp`: that of both families. */
  protocol: 'any' | 'tcp' | 'udp' | 'sctp' | 'icmp';
  /** `80` or `8000-8100`; none: all. */
  ports: readonly string[];
}

export interface Policy {
  isolation: 'open' | 'isolated';
  rules: readonly PolicyRule[];
  /** With the length of the nodes' subnets: the first address of each such block is its node's own, and never a container's. */
  pools: readonly { cidr: Cidr; prefixLength: number }[];
  clientPools: readonly Cidr[];
  /** Addresses of the clients that containers may reach without a rule. */
  reachable: readonly Address[];
  /** TCP ports of a node's own services that need no rule. */
  nodePorts: readonly number[];
}
