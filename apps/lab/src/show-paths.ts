/** What was found, as text: the tables, each path that is broken, and the sum. */
import type { Path, Place } from '@wgcni/testing';
import { pathTable, placeTable } from './table.ts';

/** The two tables. */
export function showPaths(places: readonly Place[], paths: readonly Path[]): string {
  return ['', placeTable(places), '', pathTable(places, paths), ''].join('\n');
}

/** The last lines, and whether every path answers: none is not every. */
export function judgePaths(paths: readonly Path[]): { lines: string[]; allAnswer: boolean } {
  const broken = paths.filter(({ roundTripMs }) => roundTripMs === undefined);
  return {
    lines: [
      ...broken.map(({ from, to, address }) => `NO ANSWER: ${from} → ${to} ${address}`),
      `${paths.length - broken.length} of ${paths.length} paths answer`,
    ],
    allAnswer: paths.length > 0 && broken.length === 0,
  };
}
