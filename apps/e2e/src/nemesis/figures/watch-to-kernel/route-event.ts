/** What `ip -ts monitor route` prints, as events of the routes through the mesh device. Pure. */
import { routeProtocol } from '@wgcni/iproute';

export interface RouteEvent {
  /** Wall clock in milliseconds, with microseconds behind the point. */
  atMs: number;
  /** Canonical CIDR, as `ip` prints it. */
  destination: string;
  isGone: boolean;
}

const line = new RegExp(String.raw`^\[(\S+)\] (Deleted )?(\S+/[0-9]+) dev wgcni-mesh proto ${routeProtocol}\b`);

/** The event of one line, whose time is in UTC; undefined for every other route. */
export function parseRouteEvent(text: string): RouteEvent | undefined {
  const [, at = '', deleted, destination] = line.exec(text) ?? [];
  if (destination === undefined) return undefined;
  return { atMs: utcMs(at), destination, isGone: deleted !== undefined };
}

/** `2026-11-26T01:43:31.603347`: Date reads whole milliseconds only. */
function utcMs(text: string): number {
  const [, second = '', micros = ''] = /^(\S+)\.([0-9]{6})$/.exec(text) ?? [];
  const ms = Date.parse(`${second}Z`);
  if (Number.isNaN(ms)) throw new Error(`"${text}" is no time of ip -ts`);
  return ms + Number(micros) / 1_000;
}
