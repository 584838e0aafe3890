/** PURE: the changes that make the mesh device and its routes what is desired; what nobody accounts for stays. */
import {
  type Address,
  type Cidr,
  containsAddress,
  containsCidr,
  type Family,
  formatAddress,
  parseCidr,
  tryParseCidr,
} from '@wgcni/ipam';
import { type KernelChange, type KernelState, type RouteInput, routeProtocol, type RouteState } from '@wgcni/iproute';
import { type ObservedPeer, type Peer, type PeerChange, planPeers, type PublicKey, tryParseEndpoint } from '@wgcni/wg';
import { meshDevice, podsDevice } from '../node-view.ts';
import { findNextHop, findOverlap, foreignRoutes } from '../view/find-overlap.ts';
import type { DesiredMesh } from './desired-mesh.ts';
import type { DesiredPeer } from './desired-peer.ts';
import { routePlace } from './route-place.ts';

/** Far behind every route that somebody makes on purpose. */
const lastResortMetric = 1_000_000;

export interface ObservedMesh {
  /** The live device's peers. */
  peers: readonly ObservedPeer[];
  kernel: KernelState;
  /** Where etcd and the managers are, as far as it is known. */
  servers: readonly Address[];
  /** Peers that somebody else put on the device while this process was its only writer; none when that is not known. */
  foreign?: ReadonlySet<PublicKey>;
}

export interface EndpointPolicy {
  choose(published: readonly string[], seen: ObservedPeer | undefined, key: PublicKey): string | undefined;
  written(): ReadonlyMap<PublicKey, string>;
}

export interface MeshPlan {
  peers: PeerChange[];
  kernel: KernelChange[];
  /** Routes to other nodes and to clients that are not made, because the host has a route of its own there. */
  refused: { subnet: string; why: string }[];
  /** What each desired peer is to be configured as, endpoint chosen. */
  configured: Peer[];
}

/** The plan; empty changes when nothing differs. Touches only our device, and routes that carry our mark. */
export function planMesh(desired: DesiredMesh, observed: ObservedMesh, endpoints: EndpointPolicy): MeshPlan {
  const live = new Map(observed.peers.map((peer) => [peer.publicKey, peer]));
  const configured = desired.peers.map((peer) => configure(peer, live.get(peer.publicKey), endpoints));
  const claimed = new Set(desired.peers.flatMap(({ allowedIps }) => allowedIps));
  const known = new Set(desired.peers.map(({ publicKey }) => publicKey));
  const strangers = observed.peers.filter(({ publicKey }) => !known.has(publicKey));
  // FENCE: what somebody else added is no peer that was lost from a list: this process has seen it come.
  const isForeign = ({ publicKey }: ObservedPeer): boolean => observed.foreign?.has(publicKey) ?? false;
  // FENCE: an unknown peer goes when it left for a readable cause, or when others now hold all that it had (design §4.6).
  const mayGo = ({ publicKey, allowedIps }: ObservedPeer): boolean =>
    desired.departed.has(publicKey) || allowedIps.every((cidr) => claimed.has(cidr));
  const peers = planPeers({
    desired: configured,
    observed: observed.peers,
    lastAppliedEndpoints: endpoints.written(),
    removable: new Set(strangers.filter((one) => mayGo(one) || isForeign(one)).map(({ publicKey }) => publicKey)),
  });
  const kept = strangers.filter((one) => !mayGo(one) && !isForeign(one)).flatMap(({ allowedIps }) => allowedIps);
  const subnets = [...new Set([...claimed, ...kept])].filter((cidr) => !isOfClients(cidr, desired));
  const { routes, refused } = desiredRoutes(desired, [...subnets, ...desired.clientPools], observed);
  return {
    peers,
    kernel: [...linkChanges(desired, observed.kernel), ...routeChanges(routes, observed.kernel)],
    refused,
    configured,
  };
}

/** Clients come and go, and the kernel asks the device who has an address: one route leads to all of a pool. */
function isOfClients(cidr: string, { clientPools }: DesiredMesh): boolean {
  return clientPools.some((pool) => containsCidr(parseCidr(pool), parseCidr(cidr)));
}

function configure(peer: DesiredPeer, seen: ObservedPeer | undefined, endpoints: EndpointPolicy): Peer {
  const { publicKey, allowedIps, keepaliveSec } = peer;
  return { publicKey, allowedIps, keepaliveSec, endpoint: endpoints.choose(peer.endpoints, seen, publicKey) };
}

function linkChanges({ mtu }: DesiredMesh, { links }: KernelState): KernelChange[] {
  const link = links.find(({ name }) => name === meshDevice);
  if (link === undefined || (link.isUp && link.mtu === mtu)) return [];
  return [{ kind: 'set-link', name: meshDevice, mtu, isUp: true }];
}

function desiredRoutes(
  desired: DesiredMesh,
  destinations: readonly string[],
  { kernel, servers }: ObservedMesh,
): Pick<MeshPlan, 'refused'> & { routes: RouteInput[] } {
  const foreign = foreignRoutes(kernel);
  const foreignOver = (subnet: Cidr): string | undefined => {
    const found = foreign.find(({ block }) => containsCidr(subnet, block));
    return found === undefined ? undefined : `the route ${found.words}`;
  };
  const refused: MeshPlan['refused'] = [];
  const routes: RouteInput[] = [];
  const own = new Set(desired.ownSubnets);
  const offered = new Set(desired.routes);
  // Most networks have none: nobody's endpoints are parsed for nothing.
  const ends = offered.size === 0 ? [] : endsOf(desired);
  for (const destination of destinations) {
    if (own.has(destination)) continue;
    const subnet = parseCidr(destination);
    const taken = offered.has(destination) ? findObstacle(subnet, ends, { kernel, servers }) : foreignOver(subnet);
    if (taken !== undefined) refused.push({ subnet: destination, why: `the host has ${taken}` });
    else routes.push({ destination, kind: 'unicast', device: meshDevice, ...sourceOf(subnet.family, desired, kernel) });
  }
  // Of what is offered only where it goes into the mesh: elsewhere the host has its own way there.
  const without = new Set(refused.map(({ subnet }) => subnet));
  const carried = desired.routes.filter((offer) => !without.has(offer));
  const lastResort = [...desired.pools, ...desired.clientPools, ...carried]
    .filter((pool) => !foreign.some(({ block }) => sameBlock(pool, block)))
    .map((destination): RouteInput => ({ destination, kind: 'unreachable', metric: lastResortMetric }));
  return { routes: [...lastResort, ...routes], refused };
}

/**
 * What of the host is where an offered route leads to, or is reached by way of it. An operator approves a network without seeing every node: one that
 * lives in it, whose gateway is in it, or that finds the mesh and its managers there, would cut itself off.
 */
function findObstacle(
  block: Cidr,
  ends: readonly PeerEnd[],
  { kernel, servers }: Omit<ObservedMesh, 'peers'>,
): string | undefined {
  const isInside = (address: Address | undefined): boolean => address !== undefined && containsAddress(block, address);
  const endpoint = ends.find(({ address }) => isInside(address))?.text;
  const server = servers.find(isInside);
  return (
    findOverlap(block, kernel) ??
    findNextHop(block, kernel) ??
    (endpoint === undefined ? undefined : `a peer at ${endpoint}`) ??
    (server === undefined ? undefined : `the control plane at ${formatAddress(server)}`)
  );
}

interface PeerEnd {
  text: string;
  address: Address | undefined;
}

/** Every endpoint that is published, parsed once for all offered routes. */
function endsOf({ peers }: DesiredMesh): PeerEnd[] {
  return peers.flatMap(({ endpoints }) =>
    endpoints.map((text) => ({ text, address: tryParseEndpoint(text)?.address })),
  );
}

/** The kernel takes a source address only while the host has it; without one containers are reached all the same. */
function sourceOf(family: Family, { gateways }: DesiredMesh, { addresses }: KernelState): { source?: string } {
  const source = gateways.get(family);
  return source !== undefined && addresses.some(({ address }) => address === source) ? { source } : {};
}

/** By the place that each route has, since there is one for each subnet of every other node. */
function routeChanges(wanted: readonly RouteInput[], { routes }: KernelState): KernelChange[] {
  const ours = routes.filter(isMeshRoute);
  const places = new Set(wanted.map(routePlace));
  const found = new Set(ours.map(placeAndSource));
  const missing = wanted.filter((route) => !found.has(placeAndSource(route)));
  const stale = ours.filter((route) => !places.has(routePlace(route)));
  return [
    ...missing.map((route): KernelChange => ({ kind: 'set-route', route })),
    ...stale.map((route): KernelChange => ({ kind: 'remove-route', route: inputOf(route) })),
  ];
}

/** Whether it carries our mark and is the mesh's: into its device, or of last resort. */
export function isMeshRoute({ protocol, kind, device }: RouteState): boolean {
  return protocol === routeProtocol && (kind === 'unreachable' || device === meshDevice) && device !== podsDevice;
}

function placeAndSource(route: RouteInput | RouteState): string {
  return `${routePlace(route)} ${route.source}`;
}

function inputOf({ destination, kind, device, metric }: RouteState): RouteInput {
  return { destination, kind, metric, ...(kind === 'unicast' && device !== undefined ? { device } : {}) };
}

function sameBlock(text: string, block: { base: bigint; length: number; family: Family }): boolean {
  const cidr = tryParseCidr(text);
  return cidr !== undefined && cidr.family === block.family && cidr.base === block.base && cidr.length === block.length;
}
