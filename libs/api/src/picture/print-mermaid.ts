/** PURE: the graph as text of Mermaid. */
import type { Overview } from '../manager/overview.ts';
import { conditionsOf, conditionWords } from './condition.ts';
import { edgesOf, type Edge } from './edges.ts';

/** One link of each state: a line, a dotted one, and one with a cross at either end and its word on it. */
const links: Readonly<Record<Edge['state'], string>> = { up: '---', unknown: '-.-', broken: 'x-- broken --x' };

/** Colours by class; the word stands in each node too. */
const classes = [
  'classDef up fill:#1d7f4e,color:#fff',
  'classDef trouble fill:#c0272d,color:#fff',
  'classDef draining fill:#2457c5,color:#fff',
  'classDef unknown stroke-dasharray:3 3',
  'classDef silent stroke-dasharray:3 3',
  'classDef deleted stroke-dasharray:1 3',
];

export function printMermaid(overview: Overview): string {
  const conditions = conditionsOf(overview);
  const names = new Map(overview.nodes.map(({ nodeId }, index) => [nodeId, `n${index}`]));
  const nodes = overview.nodes.map(({ nodeId }) => {
    const condition = conditions.get(nodeId) ?? 'unknown';
    const { sign, word } = conditionWords[condition];
    return `${names.get(nodeId)}["${sign} ${nodeId}<br/>${word}"]:::${condition}`;
  });
  const edges = edgesOf(overview).map(({ from, to, state }) => `${names.get(from)} ${links[state]} ${names.get(to)}`);
  return ['graph LR', ...[...nodes, ...edges, ...classes].map((line) => `  ${line}`)].join('\n');
}
