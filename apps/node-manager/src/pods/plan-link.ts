/** PURE: the pods device's link, gateway addresses and own-subnet routes, as changes to what the kernel has. */
import { formatAddress, formatCidr, gatewayOf, widthOf } from '@wgcni/ipam';
import { type KernelChange, type KernelState, routeProtocol, type RouteState } from '@wgcni/iproute';
import { type NodeView, podsDevice } from '../node-view.ts';

/** The changes that make the link equal to the view; empty when it is. Touches only this device and routes that carry our mark. */
export function planPodsLink(view: NodeView, state: KernelState): KernelChange[] {
  const link = state.links.find(({ name }) => name === podsDevice);
  if (link === undefined) return [];
  const isReady = link.isUp && link.mtu === view.mtu;
  return [
    ...staleOf(view, state),
    ...(isReady ? [] : [{ kind: 'set-link' as const, name: podsDevice, mtu: view.mtu, isUp: true }]),
    ...view.grants.flatMap(({ cidr }) => missingOf(formatCidr(cidr), gatewayText(cidr), state)),
  ];
}

function missingOf(destination: string, gateway: Gateway, state: KernelState): KernelChange[] {
  const hasAddress = state.addresses.some((one) => one.linkName === podsDevice && one.address === gateway.address);
  const hasRoute = state.routes.some(
    (route) => isPodsRoute(route) && route.destination === destination && route.source === gateway.address,
  );
  return [
    ...(hasAddress ? [] : [{ kind: 'set-address' as const, link: podsDevice, ...gateway }]),
    ...(hasRoute
      ? []
      : [
          {
            kind: 'set-route' as const,
            route: { destination, kind: 'unicast' as const, device: podsDevice, source: gateway.address },
          },
        ]),
  ];
}

/** Routes and addresses of subnets that the node no longer holds: the view that lost them is the readable cause. */
function staleOf(view: NodeView, state: KernelState): KernelChange[] {
  const destinations = new Set(view.grants.map(({ cidr }) => formatCidr(cidr)));
  const gateways = new Set(view.grants.map(({ cidr }) => gatewayText(cidr).address));
  const routes = state.routes
    .filter((route) => isPodsRoute(route) && !destinations.has(route.destination))
    .map(({ destination }): KernelChange => {
      return { kind: 'remove-route', route: { destination, kind: 'unicast', device: podsDevice } };
    });
  const addresses = state.addresses
    .filter((one) => one.linkName === podsDevice && one.scope === 'global' && !gateways.has(one.address))
    .map(({ address, prefixLength }): KernelChange => {
      return { kind: 'remove-address', link: podsDevice, address, prefixLength };
    });
  return [...routes, ...addresses];
}

interface Gateway {
  address: string;
  prefixLength: number;
}

function gatewayText(cidr: NodeView['grants'][number]['cidr']): Gateway {
  return { address: formatAddress(gatewayOf(cidr)), prefixLength: widthOf(cidr.family) };
}

/** Whether it carries our mark and leads into the pods device. */
export function isPodsRoute(route: RouteState): boolean {
  return route.device === podsDevice && route.protocol === routeProtocol;
}
