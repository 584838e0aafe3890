/** Whether a step is already true: what makes removals and renames idempotent without reading the kernel's messages. */
import { routeProtocol, type KernelChange, type KernelState, type RouteInput, type RouteState } from '../port.ts';

/** Whether `state` is already as `change` would make it. */
export function isSatisfied(change: KernelChange, state: KernelState): boolean {
  const link = (name: string) => state.links.find((each) => each.name === name);
  switch (change.kind) {
    case 'remove-link':
      return link(change.name) === undefined;
    case 'add-veth':
      return link(change.name)?.kind === 'veth';
    case 'rename-link':
      return link(change.name) === undefined && link(change.to) !== undefined;
    case 'set-link': {
      const found = link(change.name);
      return (
        found !== undefined &&
        (change.isUp ?? found.isUp) === found.isUp &&
        (change.mtu ?? found.mtu) === found.mtu &&
        (change.alias ?? found.alias) === found.alias
      );
    }
    case 'set-address':
      return hasAddress(change, state);
    case 'remove-address':
      return !hasAddress(change, state);
    case 'set-route':
      return state.routes.some((route) => isRoute(change.route, route) && route.source === change.route.source);
    // Neighbours are not looked at: what the kernel refuses once is refused.
    case 'set-neighbour':
      return false;
    case 'remove-route':
      return !state.routes.some((route) => isRoute(change.route, route));
  }
}

/** Whether `state` holds the route that `input` names: ours, same destination, kind, device, gateway and metric. */
export function isRoute(input: RouteInput, state: RouteState): boolean {
  return (
    state.protocol === routeProtocol &&
    state.destination === input.destination &&
    state.kind === input.kind &&
    (input.device === undefined || state.device === input.device) &&
    (input.via === undefined || state.via === input.via) &&
    state.metric === metricOf(input)
  );
}

/** The metric the kernel gives a route that names none: 0 for IPv4, 1024 for IPv6. */
export function metricOf(route: RouteInput): number {
  return route.metric ?? (route.destination.includes(':') ? 1024 : 0);
}

function hasAddress(wanted: { link: string; address: string; prefixLength: number }, state: KernelState): boolean {
  return state.addresses.some(
    (found) =>
      found.linkName === wanted.link && found.address === wanted.address && found.prefixLength === wanted.prefixLength,
  );
}
