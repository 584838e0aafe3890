/** The lab's tables as text: where each container is, and the round-trip time from each to each. */
import type { Path, Place } from '@wgcni/testing';

/** Container, node and addresses. */
export function placeTable(places: readonly Place[]): string {
  return columns([
    ['container', 'node', 'addresses'],
    ...places.map(({ id, nodeId, addresses }) => [id, nodeId, addresses.join('  ')]),
  ]);
}

/** Rows are senders, columns receivers; a cell holds the round-trip times in ms, IPv4 then IPv6. */
export function pathTable(places: readonly Place[], paths: readonly Path[]): string {
  const senders = [...new Set(paths.map(({ from }) => from))];
  const header = ['ms, IPv4/IPv6', ...places.map(({ id }) => id)];
  const rows = senders.map((from) => [from, ...places.map((to) => cell(from, to, paths))]);
  return columns([header, ...rows]);
}

function cell(from: string, to: Place, paths: readonly Path[]): string {
  const times = paths.filter((path) => path.from === from && path.to === to.id);
  return times.length === 0 ? '·' : times.map(({ roundTripMs }) => roundTripMs?.toFixed(1) ?? 'LOST').join('/');
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
