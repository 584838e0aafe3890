/** PURE: the graph as an SVG document of its own. */
import type { Overview } from '../manager/overview.ts';
import { conditionsOf, conditionWords, countConditions } from './condition.ts';
import { drawGraph, shapeOf } from './draw-graph.ts';
import { pictureStyle } from './style.ts';
import { el, type Element, markup } from './tree.ts';

const [width, margin, legendHeight] = [960, 24, 44];

/** With a legend of the conditions that there are. */
export function printSvg(overview: Overview): string {
  const graph = drawGraph(overview, { width: width - 2 * margin });
  const height = Number(graph.attributes['height']) + 2 * margin + legendHeight;
  const counts = countConditions(conditionsOf(overview));
  const legend = counts.map(({ condition, count }, index): Element => {
    const at = `translate(${margin + 8 + index * 150} ${margin + 4})`;
    const words = `${count} ${conditionWords[condition].word}`;
    const node = el('g', { class: `node ${condition}` }, ...shapeOf(condition, 7), el('text', { x: 14, y: 4 }, words));
    return el('g', { transform: at }, node);
  });
  const moved = { ...graph.attributes, x: String(margin), y: String(margin + legendHeight) };
  const size = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}` };
  return markup(
    el('svg', size, el('style', {}, pictureStyle), el('rect', { width, height, fill: 'var(--ground)' }), ...legend, {
      ...graph,
      attributes: moved,
    }),
  );
}
