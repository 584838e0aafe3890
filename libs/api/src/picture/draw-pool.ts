/** PURE: a pool as a map of cells, in the order of its addresses; a cell of many subnets shows how much of it is taken. */
import type { OverviewPool } from '../manager/overview.ts';
import { el, type Element } from './tree.ts';

/** Most cells of a map. */
const mostCells = 256n;
const gap = 2;

export interface PoolCell {
  /** First subnet of the cell, and how many there are in it. */
  first: bigint;
  size: bigint;
  held: number;
  reserved: number;
  released: number;
  /** Of a cell with one subnet that is taken: which, and whose it is. */
  only: { cidr: string; nodeId: string } | undefined;
}

/** The cells of a pool, each of as many subnets as another but for the last. */
export function cellsOf({ subnets, blocks }: Pick<OverviewPool, 'subnets' | 'blocks'>): PoolCell[] {
  const total = BigInt(subnets);
  const size = (total + mostCells - 1n) / mostCells || 1n;
  const cells = Array.from({ length: Number((total + size - 1n) / size) }, (_, index): PoolCell => {
    const first = BigInt(index) * size;
    const rest = total - first;
    return { first, size: rest < size ? rest : size, held: 0, reserved: 0, released: 0, only: undefined };
  });
  for (const { at, state, cidr, nodeId } of blocks) {
    const cell = cells[Number(BigInt(at) / size)];
    if (cell === undefined) continue;
    cell[state] += 1;
    if (cell.size === 1n) cell.only = { cidr, nodeId };
  }
  return cells;
}

/** `500 of 4,096 subnets taken (12 %)` */
export function poolUse({ subnets, taken }: Pick<OverviewPool, 'subnets' | 'taken'>): string {
  const total = BigInt(subnets);
  const percent = total === 0n ? 0 : Number((BigInt(taken) * 1_000n) / total) / 10;
  const share = taken > 0 && percent < 0.1 ? 'less than 0.1' : String(percent >= 10 ? Math.round(percent) : percent);
  return `${grouped(taken)} of ${grouped(total)} subnets taken (${share} %)`;
}

/** With a comma each three digits. */
export function grouped(value: bigint | number): string {
  return value.toString().replace(/\B(?=([0-9]{3})+$)/g, ',');
}

/** An `svg` element `width` pixels wide. */
export function drawPool(pool: OverviewPool, width: number): Element {
  const cells = cellsOf(pool);
  const columns = Math.min(cells.length, width < 480 ? 16 : 32) || 1;
  const side = Math.min(26, Math.floor(width / columns));
  const height = Math.ceil(cells.length / columns) * side;
  const drawn = cells.map((cell, index) =>
    drawCell(cell, { x: (index % columns) * side, y: Math.floor(index / columns) * side, side: side - gap }),
  );
  const size = { width: columns * side, height, viewBox: `0 0 ${columns * side} ${height}` };
  const label = `Map of ${pool.cidr}: ${poolUse(pool)}`;
  return el('svg', { ...size, class: 'pool', role: 'img', 'aria-label': label }, ...drawn);
}

function drawCell(cell: PoolCell, { x, y, side }: { x: number; y: number; side: number }): Element {
  const { first, held, reserved, released } = cell;
  const taken = held + reserved + released;
  const share = Number((BigInt(taken) * 1_000n) / cell.size) / 1_000;
  const filled = taken === 0 ? 0 : Math.max(2, Math.round(share * side));
  const state = held > 0 ? 'held' : reserved > 0 ? 'reserved' : released > 0 ? 'released' : 'free';
  const bar = { class: 'fill', x, y: y + side - filled, width: side, height: filled, rx: 1.5 };
  const stroke = el('path', { class: 'stroke', d: `M${x + 3} ${y + side - 3}L${x + side - 3} ${y + 3}` });
  const dot = el('circle', { class: 'dot', cx: x + side / 2, cy: y + side / 2, r: side / 6 });
  return el(
    'g',
    { class: `cell ${state}`, key: String(first) },
    el('title', {}, cellTitle(cell)),
    el('rect', { class: 'frame', x, y, width: side, height: side, rx: 1.5 }),
    ...(held > 0 ? [el('rect', bar)] : []),
    ...(state === 'reserved' ? [stroke] : []),
    ...(state === 'released' ? [dot] : []),
  );
}

function cellTitle({ first, size, held, reserved, released, only }: PoolCell): string {
  if (size === 1n) {
    if (only === undefined) return `subnet ${first}: free`;
    const state = held > 0 ? 'held by' : reserved > 0 ? 'reserved for the deleted' : 'resting, last of';
    return `${only.cidr}: ${state} ${only.nodeId}`;
  }
  const parts = [`${held} held`, `${reserved} reserved`, `${released} resting`].filter(
    (part) => !part.startsWith('0 '),
  );
  return `subnets ${first} to ${first + size - 1n}: ${parts.length === 0 ? 'free' : parts.join(', ')}`;
}
