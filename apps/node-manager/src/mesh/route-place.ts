/** PURE: which routes take each other's place: setting one replaces the other in the kernel. */
import type { RouteInput, RouteState } from '@wgcni/iproute';

/** Destination, kind and metric in one text; a route that names no metric gets 0 of the kernel for IPv4, 1024 for IPv6. */
export function routePlace({ destination, kind, metric }: RouteInput | RouteState): string {
  return `${destination} ${kind} ${metric ?? (destination.includes(':') ? 1_024 : 0)}`;
}
