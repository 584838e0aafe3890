/** PURE: nodes and tunnels as SVG: each state has a shape of its own, so that nobody needs the colours. */
import type { Overview, OverviewNode } from '../manager/overview.ts';
import { type Condition, conditionsOf, sentenceOf } from './condition.ts';
import { type Edge, edgesOf, inDrawingOrder } from './edges.ts';
import { type Layout, type Place, placeNodes } from './place-nodes.ts';
import { el, type Element } from './tree.ts';

export interface GraphOptions {
  /** Pixels there are. */
  width: number;
  /** The node whose details are shown. */
  chosen?: string | undefined;
  /** The node that the keyboard is at; the first when there is none. */
  current?: string | undefined;
}

const radius = { ring: 8, grid: 7 };
const longestName = 13;

/** An `svg` element; nodes carry `data-node`, and one of them can be reached by the keyboard. */
export function drawGraph(overview: Overview, { width, chosen, current }: GraphOptions): Element {
  const { nodes } = overview;
  const layout = placeNodes(nodes.length, width);
  const conditions = conditionsOf(overview);
  const placeOf = new Map(nodes.map(({ nodeId }, index) => [nodeId, layout.places[index]]));
  const entrance = nodes.some(({ nodeId }) => nodeId === current) ? current : nodes[0]?.nodeId;
  const edges = inDrawingOrder(edgesOf(overview)).flatMap((edge) => {
    const [from, to] = [placeOf.get(edge.from), placeOf.get(edge.to)];
    return from === undefined || to === undefined ? [] : [drawEdge(edge, from, to)];
  });
  const drawn = nodes.map((node, index) => {
    const place = layout.places[index] ?? { x: 0, y: 0 };
    const condition = conditions.get(node.nodeId) ?? 'unknown';
    const is = { isChosen: node.nodeId === chosen, isEntrance: node.nodeId === entrance };
    return drawNode({ node, condition, place, layout, ...is });
  });
  const size = { width: layout.width, height: layout.height, viewBox: `0 0 ${layout.width} ${layout.height}` };
  return el(
    'svg',
    { ...size, class: `graph ${layout.kind}`, role: 'listbox', 'aria-label': 'Nodes and their tunnels' },
    el('g', { 'aria-hidden': 'true', key: 'edges' }, ...edges),
    ...drawn,
  );
}

function drawEdge({ from, to, state, cause }: Edge, a: Place, b: Place): Element {
  const [x, y] = [(a.x + b.x) / 2, (a.y + b.y) / 2];
  const cross = `M${x - 4} ${y - 4}l8 8m0 -8l-8 8`;
  return el(
    'g',
    { class: `edge ${state}`, key: `${from} ${to}` },
    el('title', {}, `${from} – ${to}: ${state}${cause === undefined ? '' : `, ${cause}`}`),
    el('line', { x1: a.x, y1: a.y, x2: b.x, y2: b.y }),
    ...(state === 'broken' ? [el('path', { d: cross, class: 'cross' })] : []),
  );
}

interface DrawnNode {
  node: OverviewNode;
  condition: Condition;
  place: Place;
  layout: Layout;
  isChosen: boolean;
  isEntrance: boolean;
}

function drawNode({ node, condition, place: { x, y }, layout, isChosen, isEntrance }: DrawnNode): Element {
  const sentence = sentenceOf(node, condition);
  const r = radius[layout.kind];
  return el(
    'g',
    {
      ...{ key: node.nodeId, class: `node ${condition}${isChosen ? ' chosen' : ''}`, 'data-node': node.nodeId },
      ...{ role: 'option', tabindex: isEntrance ? 0 : -1, 'aria-selected': String(isChosen), 'aria-label': sentence },
      transform: `translate(${x} ${y})`,
    },
    el('title', {}, sentence),
    el('circle', { class: 'halo', r: r + 5 }),
    ...shapeOf(condition, r),
    ...(layout.kind === 'ring' ? [nameOf(node.nodeId, { x, y }, layout, r)] : []),
  );
}

/** Outside of the ring: beside the node, or above and below it where the ring has its top and its foot. */
function nameOf(nodeId: string, { x, y }: Place, { width, height }: Layout, r: number): Element {
  const short = nodeId.length > longestName ? `${nodeId.slice(0, longestName - 1)}…` : nodeId;
  const isMiddle = Math.abs(x - width / 2) < 12;
  const side = x > width / 2 ? 1 : -1;
  const anchor = isMiddle ? 'middle' : side > 0 ? 'start' : 'end';
  const at = isMiddle ? { x: 0, y: y > height / 2 ? r + 16 : -(r + 7) } : { x: side * (r + 6), y: 4 };
  return el('text', { ...at, 'text-anchor': anchor, 'aria-hidden': 'true' }, short);
}

/** The sign of a condition about the origin, `r` from its middle to its edge. */
export function shapeOf(condition: Condition, r: number): Element[] {
  const arm = r * 0.5;
  const cross = el('path', { class: 'stroke', d: `M${-arm} ${-arm}L${arm} ${arm}M${arm} ${-arm}L${-arm} ${arm}` });
  switch (condition) {
    case 'up':
      return [el('circle', { class: 'fill', r })];
    case 'draining':
      return [el('rect', { class: 'fill', x: -r * 0.85, y: -r * 0.85, width: r * 1.7, height: r * 1.7, rx: 1.5 })];
    case 'trouble': {
      const [top, foot, half] = [-r * 1.15, r * 0.9, r * 1.15];
      const mark = `M0 ${-r * 0.35}V${r * 0.25}M0 ${r * 0.55}v0.1`;
      return [
        el('path', { class: 'fill', d: `M0 ${top}L${half} ${foot}H${-half}Z` }),
        el('path', { class: 'mark', d: mark }),
      ];
    }
    case 'silent':
      return [el('circle', { class: 'hollow', r: r - 1 }), cross];
    case 'unknown':
      return [el('circle', { class: 'hollow dashed', r: r - 1 })];
    case 'deleted':
      return [cross];
  }
}
