/** PURE: the nodes and their tunnels, with a legend that says every sign in words. */
import {
  brokenOf,
  type Condition,
  conditionsOf,
  conditionWords,
  countConditions,
  drawGraph,
  el,
  type Element,
  mostWithAllEdges,
  othersNotUp,
  shapeOf,
} from '@wgcni/api/picture';
import type { Model } from './model.ts';

export function showGraph({ overview, width, chosen, current }: Model): Element {
  const { nodes } = overview;
  const broken = brokenOf(overview).length;
  const counts = countConditions(conditionsOf(overview));
  const told = [broken === 0 ? 'no tunnel is known to be broken' : `${broken} tunnels broken`, othersNotUp(overview)];
  const drawn = nodes.length > mostWithAllEdges ? 'only broken ones are drawn' : 'every tunnel is drawn';
  const words = [...told, drawn].filter((text) => text !== '').join('; ');
  return el(
    'section',
    { key: 'graph', 'aria-labelledby': 'graph-head' },
    el(
      'div',
      { class: 'head' },
      el('h2', { id: 'graph-head' }, 'Nodes and tunnels'),
      el('span', { class: 'soft small' }, nodes.length === 0 ? 'no node has registered yet' : words),
    ),
    el(
      'ul',
      { class: 'legend', 'aria-label': 'Nodes by condition' },
      ...counts.map(({ condition, count }) =>
        el(
          'li',
          { key: condition, title: conditionWords[condition].means },
          sign(condition),
          `${count} ${conditionWords[condition].word}`,
        ),
      ),
    ),
    el(
      'div',
      { class: 'canvas', key: 'canvas' },
      ...(nodes.length === 0 ? [] : [drawGraph(overview, { width, chosen, current })]),
    ),
  );
}

/** The sign of a condition as it is in the graph, beside its word. */
export function sign(condition: Condition): Element {
  const size = { width: 16, height: 16, viewBox: '-9 -9 18 18' };
  return el(
    'svg',
    { ...size, 'aria-hidden': 'true' },
    el('g', { class: `node ${condition}` }, ...shapeOf(condition, 7)),
  );
}
