/** What `ip -json -details -Numeric` prints, as the port's state. */
import { CatalogueError } from '@wgcni/base';
import { formatAddress, tryParseAddress, widthOf, type Family } from '@wgcni/ipam';
import type { AddressState, KernelState, LinkState, RouteState } from '../port.ts';

/** RTN_UNICAST, RT_TABLE_MAIN and RT_TABLE_LOCAL (linux/rtnetlink.h). */
const unicastType = '1';
const mainTable = '254';
const localTable = '255';

const scopes: Readonly<Record<string, string>> = { '0': 'global', '200': 'site', '253': 'link', '254': 'host' };

/** What an Ethernet link is addressed by; tunnels have other addresses, or none. */
const isMac = /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/;

interface IpAddress {
  family?: string;
  local?: string;
  prefixlen?: number;
  scope?: string;
  tentative?: boolean;
}

interface IpLink {
  ifindex: number;
  ifname: string;
  flags: string[];
  mtu: number;
  ifalias?: string;
  address?: string;
  linkinfo?: { info_kind?: string };
  addr_info?: IpAddress[];
}

interface IpHop {
  dev?: string;
  gateway?: string;
  via?: { host?: string };
}

interface IpRouteEntry extends IpHop {
  type?: string;
  dst: string;
  table?: string;
  protocol?: string;
  prefsrc?: string;
  metric?: number;
  /** Only IPv6 routes carry a router preference, and all of them do. */
  pref?: string;
  nexthops?: IpHop[];
}

/** The state from the output of `addr show` and `route show table all`, one JSON array a line. Throws CatalogueError `decode.failed`. */
export function parseState(output: string): KernelState {
  const [links, routes] = output.split('\n').filter((line) => line !== '');
  const found = parseArray<IpRouteEntry>(routes).filter(({ table }) => table !== localTable);
  const isMain = ({ table = mainTable }: IpRouteEntry): boolean => table === mainTable;
  return {
    links: parseArray<IpLink>(links).filter(isWhole).map(linkOf),
    addresses: parseArray<IpLink>(links).filter(isWhole).flatMap(addressesOf),
    routes: found.filter(isMain).map(routeOf),
    policyRoutes: found.filter((route) => !isMain(route)).map(routeOf),
  };
}

function parseArray<T>(line: string | undefined): T[] {
  if (line === undefined) return [];
  try {
    return JSON.parse(line) as T[];
  } catch (cause) {
    throw new CatalogueError('decode.failed', 'the output of "ip -json" is not JSON', {
      remedy: 'install iproute2 6.1 or later',
      cause,
    });
  }
}

/** `ip` prints an empty object for an entry that it filtered out. */
function isWhole(link: Partial<IpLink>): link is IpLink {
  return link.ifname !== undefined;
}

function linkOf({ ifindex, ifname, linkinfo, flags, mtu, ifalias, address = '' }: IpLink): LinkState {
  return {
    index: ifindex,
    name: ifname,
    kind: linkinfo?.info_kind ?? '',
    isUp: flags.includes('UP'),
    mtu,
    alias: ifalias ?? '',
    isLoopback: flags.includes('LOOPBACK'),
    ...(isMac.test(address) && !flags.includes('LOOPBACK') ? { mac: address } : {}),
  };
}

function addressesOf({ ifindex, ifname, addr_info: entries = [] }: IpLink): AddressState[] {
  return entries.flatMap(({ family, local, prefixlen, scope, tentative }) => {
    const isKnown = local !== undefined && prefixlen !== undefined && (family === 'inet' || family === 'inet6');
    if (!isKnown) return [];
    return [
      {
        linkIndex: ifindex,
        linkName: ifname,
        family: family === 'inet' ? 4 : 6,
        address: canonicalAddress(local),
        prefixLength: prefixlen,
        scope: scopes[scope ?? ''] ?? scope ?? 'global',
        isTentative: tentative === true,
      },
    ];
  });
}

function routeOf(entry: IpRouteEntry): RouteState {
  const family: Family = entry.pref === undefined ? 4 : 6;
  const kind = (entry.type ?? unicastType) === unicastType ? 'unicast' : 'unreachable';
  const hop = entry.nexthops?.[0] ?? entry;
  const via = hop.gateway ?? hop.via?.host;
  return {
    family,
    destination: destinationOf(entry.dst, family),
    kind,
    ...(hop.dev === undefined || kind === 'unreachable' ? {} : { device: hop.dev }),
    ...(via === undefined ? {} : { via: canonicalAddress(via) }),
    ...(entry.prefsrc === undefined ? {} : { source: canonicalAddress(entry.prefsrc) }),
    metric: entry.metric ?? 0,
    protocol: Number(entry.protocol ?? 0),
    table: Number(entry.table ?? mainTable),
  };
}

function destinationOf(text: string, family: Family): string {
  if (text === 'default') return family === 4 ? '0.0.0.0/0' : '::/0';
  const [address = '', length = String(widthOf(family))] = text.split('/');
  return `${canonicalAddress(address)}/${length}`;
}

function canonicalAddress(text: string): string {
  const address = tryParseAddress(text);
  return address === undefined ? text : formatAddress(address);
}
