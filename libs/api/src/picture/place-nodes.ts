/** PURE: where nodes stand: few on a ring, with their names; many on a grid, by name. */
import { mostWithAllEdges } from './edges.ts';

export interface Place {
  x: number;
  y: number;
}

export interface Layout {
  kind: 'ring' | 'grid';
  width: number;
  height: number;
  /** In the order of the nodes. */
  places: Place[];
  /** How many stand beside each other, for who moves by arrow keys. */
  columns: number;
}

/** Of a grid: wide enough for a finger. */
const cell = 26;
/** Beside a ring, for names. */
const nameWidth = 92;
const nameHeight = 26;
const widestRing = 620;

/** `width` is what there is, in pixels; the height follows. */
export function placeNodes(count: number, width: number): Layout {
  return count <= mostWithAllEdges ? ring(count, Math.max(280, width)) : grid(count, Math.max(cell, width));
}

function ring(count: number, width: number): Layout {
  const radius = Math.max(40, (Math.min(width, widestRing) - 2 * nameWidth) / 2);
  const [middleX, middleY] = [width / 2, radius + nameHeight];
  const places = Array.from({ length: count }, (_, index): Place => {
    const angle = (2 * Math.PI * index) / count - Math.PI / 2;
    return { x: rounded(middleX + radius * Math.cos(angle)), y: rounded(middleY + radius * Math.sin(angle)) };
  });
  const alone = count === 1 ? [{ x: rounded(middleX), y: rounded(middleY) }] : places;
  return { kind: 'ring', width, height: rounded(2 * middleY), places: alone, columns: 1 };
}

function grid(count: number, width: number): Layout {
  const columns = Math.max(1, Math.min(count, Math.floor(width / cell)));
  const rows = Math.ceil(count / columns);
  const left = (width - columns * cell) / 2;
  const places = Array.from({ length: count }, (_, index) => ({
    x: rounded(left + (index % columns) * cell + cell / 2),
    y: Math.floor(index / columns) * cell + cell / 2,
  }));
  return { kind: 'grid', width, height: rows * cell, places, columns };
}

/** Which node an arrow key leads to; the same where there is none. */
export function neighbourOf(index: number, key: string, { columns, places }: Layout): number {
  const steps: Record<string, number> = {
    ...{ ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns },
    ...{ Home: -index, End: places.length - 1 - index },
  };
  const wanted = index + (steps[key] ?? 0);
  return wanted < 0 || wanted >= places.length ? index : wanted;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
