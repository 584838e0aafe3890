/** PURE: the nodes as a list: what the graph shows, for who reads or listens. */
import type { OverviewNode } from '@wgcni/api';
import { type Condition, conditionsOf, conditionWords, el, type Element, sentenceOf } from '@wgcni/api/picture';
import type { Model } from './model.ts';
import { sign } from './show-graph.ts';

/** Those whose name, condition or subnet holds what was typed. */
function narrowed(nodes: readonly OverviewNode[], conditions: ReadonlyMap<string, Condition>, filter: string) {
  const wanted = filter.trim().toLowerCase();
  if (wanted === '') return nodes;
  return nodes.filter(({ nodeId, subnets }) =>
    [nodeId, conditions.get(nodeId) ?? '', ...subnets].some((text) => text.toLowerCase().includes(wanted)),
  );
}

export function showList({ overview, chosen, current, filter }: Model): Element {
  const conditions = conditionsOf(overview);
  const nodes = narrowed(overview.nodes, conditions, filter);
  const entrance = nodes.some(({ nodeId }) => nodeId === current) ? current : nodes[0]?.nodeId;
  const rows = nodes.map((node) => {
    const condition = conditions.get(node.nodeId) ?? 'unknown';
    const is = { isChosen: node.nodeId === chosen, isEntrance: node.nodeId === entrance };
    return el('li', { key: node.nodeId }, rowOf(node, condition, is));
  });
  const count =
    nodes.length === overview.nodes.length ? `${nodes.length}` : `${nodes.length} of ${overview.nodes.length}`;
  return el(
    'section',
    { key: 'list', id: 'list', tabindex: -1, 'aria-labelledby': 'list-head' },
    el(
      'div',
      { class: 'head' },
      el('h2', { id: 'list-head' }, 'List of nodes'),
      el('span', { class: 'soft small' }, count),
    ),
    el('input', {
      ...{
        class: 'find',
        type: 'search',
        placeholder: 'Name, state or subnet',
        'aria-label': 'Narrow the list of nodes',
      },
      ...{ autocomplete: 'off', spellcheck: 'false', key: 'find' },
    }),
    el('ul', { class: 'rows scroll', 'aria-label': 'Nodes' }, ...rows),
  );
}

function rowOf(
  node: OverviewNode,
  condition: Condition,
  { isChosen, isEntrance }: Record<'isChosen' | 'isEntrance', boolean>,
) {
  const { report } = node;
  const up = report === null ? '' : `${Math.max(0, report.peers - report.tunnelsNotUp)}/${report.peers} up`;
  return el(
    'button',
    {
      ...{ class: 'row', type: 'button', 'data-node': node.nodeId, tabindex: isEntrance ? 0 : -1 },
      ...{ 'aria-current': String(isChosen), 'aria-label': sentenceOf(node, condition) },
    },
    sign(condition),
    el('span', { class: 'id', title: node.nodeId }, node.nodeId),
    el('span', { class: 'what' }, condition === 'up' ? up : conditionWords[condition].word),
  );
}
