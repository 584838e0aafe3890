/** How long after a watch heard of a change each node's kernel had it. Pure. */
import type { WatchEvent } from '@wgcni/store';
import type { RouteEvent } from './route-event.ts';

/** One change of a node's record that makes routes appear on, or vanish from, every other node. */
export interface RouteChange {
  /** Key of the record in etcd. */
  key: string;
  destinations: readonly string[];
  isRemoval: boolean;
  /** When its request was sent, and when the answer came, in milliseconds of the wall clock. */
  sentAtMs: number;
  answeredAtMs: number;
}

/** An event as the watch of the measuring process heard it. */
export interface Heard {
  atMs: number;
  event: WatchEvent;
}

export interface Lags {
  /** From the watch, or the answer where that came first, to the last route of the change: one for each change and node. */
  fromWatchMs: number[];
  /** The same from the request on, in the same order: what the watch was late itself cannot hide in these. */
  fromRequestMs: number[];
  /** In words: what never reached a kernel in time, or was never heard of. */
  missing: string[];
}

export interface Observations {
  heard: readonly Heard[];
  /** By node. */
  routes: ReadonlyMap<string, readonly RouteEvent[]>;
}

/** Every change on every node; what takes longer than `patienceMs` is missing. */
export function lagsOf(changes: readonly RouteChange[], { heard, routes }: Observations, patienceMs: number): Lags {
  const lags: Lags = { fromWatchMs: [], fromRequestMs: [], missing: [] };
  for (const change of changes) {
    const watchedAtMs = heard.find((one) => tells(one, change))?.atMs;
    // A watch that is late itself would hide as much.
    const heardAtMs = watchedAtMs && Math.min(watchedAtMs, change.answeredAtMs);
    for (const [nodeId, events] of routes) {
      const doneAtMs = doneAt(change, events);
      if (heardAtMs === undefined || doneAtMs === undefined || doneAtMs - heardAtMs > patienceMs) {
        lags.missing.push(`${change.isRemoval ? '-' : '+'}${change.destinations.join(',')} on ${nodeId}`);
        continue;
      }
      lags.fromWatchMs.push(doneAtMs - heardAtMs);
      lags.fromRequestMs.push(doneAtMs - change.sentAtMs);
    }
  }
  return lags;
}

function tells({ atMs, event }: Heard, { key, isRemoval, sentAtMs }: RouteChange): boolean {
  if (atMs < sentAtMs) return false;
  if (event.kind === 'delete') return isRemoval && event.key === key;
  return event.item.key === key && hasSubnets(event.item.value) !== isRemoval;
}

function hasSubnets(value: string): boolean {
  return (JSON.parse(value) as { subnets: unknown[] }).subnets.length > 0;
}

/** When the last of the change's routes was made or removed; undefined while one of them is not. */
function doneAt({ destinations, isRemoval, sentAtMs }: RouteChange, events: readonly RouteEvent[]): number | undefined {
  const moments = destinations.map(
    (destination) =>
      events.find((one) => one.destination === destination && one.isGone === isRemoval && one.atMs >= sentAtMs)?.atMs,
  );
  return moments.reduce<number | undefined>(
    (last, atMs) => (last === undefined || atMs === undefined ? undefined : Math.max(last, atMs)),
    -Infinity,
  );
}
