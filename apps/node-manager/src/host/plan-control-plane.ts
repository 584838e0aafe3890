/** PURE: the rules that keep containers away from etcd and the cluster-managers, wherever these run. */
import { type Cidr, type Family, formatAddress, formatCidr, widthOf } from '@wgcni/ipam';
import type { ControlPlane } from '../control-plane/servers.ts';
import { containerDevices } from '../node-view.ts';

export interface ControlPlaneRules {
  /** Before anybody redirects it: the address that the container itself asked for. */
  before: string[];
  /** On its way through this node, wherever it was redirected to. */
  forward: string[];
  /** To this node. */
  input: string[];
}

/**
 * Everything of a container's to an address and TCP port of the control plane, and to such a port of this node: a manager here answers at every
 * address of the node, also at those that no URL names. What the node itself sends comes in on `lo`, or is not from a pool.
 */
export function planControlPlane(
  { ports, endpoints }: ControlPlane,
  pools: readonly Cidr[],
  family: Family,
): ControlPlaneRules {
  const own = endpoints.filter(({ address }) => address.family === family);
  const destinations = own.map(({ address, port }) => ({
    to: `-d ${formatAddress(address)}/${widthOf(family)} `,
    port,
  }));
  const anywhere = ports.map((port) => ({ to: '', port }));
  const origins = originsOf(pools.filter((pool) => pool.family === family));
  const drops = (wanted: readonly Wanted[], more = ''): string[] =>
    wanted.flatMap(({ to, port }) =>
      origins.map(({ from, by }) => `${from}${to}${by} -p tcp -m tcp --dport ${port} ${more}-j DROP`),
    );
  return {
    before: [...drops(destinations), ...drops(anywhere, '-m addrtype --dst-type LOCAL ')],
    forward: drops(destinations),
    input: drops(anywhere),
  };
}

interface Wanted {
  to: string;
  port: number;
}

/** Containers of this node by what they come in on, also before the pools are known; those of others, and on bridges of others, by their address. */
function originsOf(pools: readonly Cidr[]): { from: string; by: string }[] {
  return [
    ...containerDevices.map((device) => ({ from: '', by: `-i ${device}` })),
    ...pools.map((pool) => ({ from: `-s ${formatCidr(pool)} `, by: '! -i lo' })),
  ];
}
