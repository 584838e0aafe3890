/** PURE: which UDP endpoints other nodes are told to dial, and how large the underlay's packets may be. */
import { type Cidr, containsAddress, tryParseAddress, tryParseCidr } from '@wgcni/ipam';
import { routeProtocol, type AddressState, type KernelState, type LinkState } from '@wgcni/iproute';
import { formatEndpoint, tryParseEndpoint } from '@wgcni/wg';
import { meshDevice, podsDevice } from '../node-view.ts';

export interface EndpointChoice {
  /** Endpoints that were said; then no address is looked for. */
  said: readonly string[];
  /** Interface that was said; default the one of the default route. */
  underlay: string | undefined;
  meshPort: number;
  /** Addresses inside the pools are the mesh's own, not the underlay's. */
  pools: readonly Cidr[];
}

export type Underlay =
  { kind: 'found'; endpoints: string[]; mtu: number } | { kind: 'none'; why: string; remedy: string };

/** At most this many endpoints are published. */
const mostEndpoints = 8;
const ownDevices = new Set<string>([meshDevice, podsDevice]);
const linkLocal = ['169.254.0.0/16', 'fe80::/10'].flatMap((text) => tryParseCidr(text) ?? []);

/** The underlay as the kernel shows it now. */
export function findUnderlay(choice: EndpointChoice, state: KernelState): Underlay {
  const links =
    choice.said.length > 0 && choice.underlay === undefined ? linksOfSaid(choice, state) : underlayLinks(choice, state);
  const mtu = Math.min(65_535, ...links.map((link) => link.mtu));
  if (choice.said.length > 0)
    return {
      kind: 'found',
      endpoints: [...choice.said].slice(0, mostEndpoints),
      mtu: links.length === 0 ? 1_500 : mtu,
    };
  if (links.length === 0) return noLink(choice);
  const addresses = links.flatMap((link) => state.addresses.filter((address) => isPublishable(address, link, choice)));
  const endpoints = [...new Set(addresses.sort(byFamily).flatMap((address) => endpointOf(address, choice.meshPort)))];
  if (endpoints.length > 0) return { kind: 'found', endpoints: endpoints.slice(0, mostEndpoints), mtu };
  return {
    kind: 'none',
    why: `${links.map(({ name }) => name).join(', ')} has no address that other nodes could dial`,
    remedy: 'give it an address, name another interface with --underlay, or say --endpoint ADDRESS:PORT',
  };
}

/** The families that the host has a way to the outside for. */
export function routableFamilies(state: KernelState): Set<4 | 6> {
  const isWay = (destination: string): boolean => !destination.startsWith('fe80:') && !destination.startsWith('ff00:');
  const outward = state.routes.filter(
    ({ kind, protocol, device, destination }) =>
      kind === 'unicast' &&
      protocol !== routeProtocol &&
      device !== 'lo' &&
      !ownDevices.has(device ?? '') &&
      isWay(destination),
  );
  return new Set(outward.map(({ family }) => family));
}

function underlayLinks({ underlay }: EndpointChoice, { links, routes }: KernelState): LinkState[] {
  if (underlay !== undefined) return links.filter(({ name }) => name === underlay);
  const defaults = routes
    .filter(
      ({ destination, kind, device }) =>
        /^(0\.0\.0\.0|::)\/0$/.test(destination) && kind === 'unicast' && !ownDevices.has(device ?? ''),
    )
    .sort((one, other) => one.metric - other.metric);
  const first = ([4, 6] as const).flatMap((family) => defaults.find((route) => route.family === family) ?? []);
  return links.filter(({ name }) => first.some(({ device }) => device === name));
}

/** Links that hold an address of those endpoints that were said, for their MTU. */
function linksOfSaid({ said }: EndpointChoice, { links, addresses }: KernelState): LinkState[] {
  const values = new Set(said.map((text) => tryParseEndpoint(text)?.address.value));
  const names = new Set(
    addresses.filter(({ address }) => values.has(tryParseAddress(address)?.value)).map(({ linkName }) => linkName),
  );
  return links.filter(({ name }) => names.has(name));
}

function isPublishable(
  { linkName, address, scope, isTentative }: AddressState,
  link: LinkState,
  { pools }: EndpointChoice,
): boolean {
  const parsed = tryParseAddress(address);
  if (parsed === undefined || linkName !== link.name || scope !== 'global' || isTentative) return false;
  return ![...pools, ...linkLocal].some((block) => containsAddress(block, parsed));
}

function endpointOf({ address }: AddressState, port: number): string[] {
  const parsed = tryParseAddress(address);
  return parsed === undefined ? [] : [formatEndpoint({ address: parsed, port })];
}

function byFamily(one: AddressState, other: AddressState): number {
  return one.family - other.family;
}

function noLink({ underlay }: EndpointChoice): Underlay {
  return underlay === undefined
    ? {
        kind: 'none',
        why: 'there is no default route to tell the underlay by',
        remedy: 'name its interface with --underlay, or say --endpoint ADDRESS:PORT',
      }
    : { kind: 'none', why: `there is no interface "${underlay}"`, remedy: 'name one that exists with --underlay' };
}
