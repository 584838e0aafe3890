/** The result of ADD in one internal form, whatever version it is read from or printed in. */
import { isEmptyDns, type Dns } from './dns.ts';

export interface ResultInterface {
  name: string;
  mac?: string;
  /** Bytes; printed from 1.1.0 on. */
  mtu?: number;
  /** Path of the namespace the interface is in; absent for one of the host. */
  sandbox?: string;
  /** Printed from 1.1.0 on. */
  socketPath?: string;
  /** Printed from 1.1.0 on. */
  pciID?: string;
}

export interface ResultIp {
  /** With its prefix length. */
  address: string;
  gateway?: string;
  /** Index in `interfaces`. */
  interface?: number;
}

export interface ResultRoute {
  dst: string;
  gw?: string;
  /** The five below are printed from 1.1.0 on. */
  mtu?: number;
  advmss?: number;
  priority?: number;
  table?: number;
  scope?: number;
}

export interface CniResult {
  interfaces: ResultInterface[];
  ips: ResultIp[];
  routes: ResultRoute[];
  dns: Dns;
}

/** What the node-manager tells of an attachment, as far as a result shows it. */
export interface Attached {
  addresses: readonly { address: string; gateway: string }[];
  mtu: number;
  /** Of a link that has one. */
  mac?: string;
  /** Of its default routes, where they stand behind those of another interface; absent: the kernel's usual one. */
  routeMetric?: number;
}

/** A WireGuard link has no MAC; Podman fails a container whose sandbox interface has none that parses, so zeros stand for it. */
const noMac = '00:00:00:00:00:00';

export function emptyResult(): CniResult {
  return { interfaces: [], ips: [], routes: [], dns: {} };
}

/** The result for our own interface: one link in the sandbox, its addresses, a default route for each family it has. */
export function resultOf(attached: Attached, ifName: string, netns: string): CniResult {
  const families = new Set(attached.addresses.map(({ address }) => familyOf(address)));
  const priority = attached.routeMetric === undefined ? {} : { priority: attached.routeMetric };
  return {
    interfaces: [{ name: ifName, mac: attached.mac ?? noMac, mtu: attached.mtu, sandbox: netns }],
    ips: attached.addresses.map(({ address, gateway }) => ({ address, gateway, interface: 0 })),
    routes: [...families].map((family) => ({ dst: family === 4 ? '0.0.0.0/0' : '::/0', ...priority })),
    dns: {},
  };
}

/** The result of a delegated IPAM: addresses and default routes, for an interface that somebody else makes. */
export function addressesResultOf({ addresses }: Attached): CniResult {
  const { ips, routes, dns } = resultOf({ addresses, mtu: 0 }, '', '');
  return {
    interfaces: [],
    ips: ips.map(({ address, gateway }) => ({ address, ...(gateway === undefined ? {} : { gateway }) })),
    routes,
    dns,
  };
}

/** What an earlier plugin of the chain made, with ours after it: its interfaces keep their indexes, ours move up. */
export function mergeResults(previous: CniResult, own: CniResult): CniResult {
  const shift = previous.interfaces.length;
  const known = new Set(previous.routes.map(routeKey));
  return {
    interfaces: [...previous.interfaces, ...own.interfaces],
    ips: [
      ...previous.ips,
      ...own.ips.map((ip) => (ip.interface === undefined ? ip : { ...ip, interface: ip.interface + shift })),
    ],
    routes: [...previous.routes, ...own.routes.filter((route) => !known.has(routeKey(route)))],
    dns: isEmptyDns(own.dns) ? previous.dns : own.dns,
  };
}

/** The family of an address in text, with or without its prefix length. */
export function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

function routeKey({ dst, gw, table, priority }: ResultRoute): string {
  return `${dst} ${gw ?? ''} ${table ?? ''} ${priority ?? ''}`;
}
