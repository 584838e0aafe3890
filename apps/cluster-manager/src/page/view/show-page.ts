/** PURE: the whole page as a tree of elements. */
import type { Overview } from '@wgcni/api';
import { el, type Element, grouped } from '@wgcni/api/picture';
import type { Model } from './model.ts';
import { showChosen } from './show-chosen.ts';
import { showEvents } from './show-events.ts';
import { showGraph } from './show-graph.ts';
import { showList } from './show-list.ts';
import { showPools } from './show-pools.ts';

export function showPage(model: Model): Element[] {
  return [
    el('a', { class: 'skip', href: '#list', key: 'skip' }, 'To the list of nodes'),
    showHeader(model.overview),
    el('div', { key: 'notices', role: 'status' }, ...showNotices(model)),
    el(
      'main',
      { key: 'main' },
      el('div', { class: 'column', key: 'wide' }, showGraph(model), showPools(model)),
      el('div', { class: 'column', key: 'narrow' }, showChosen(model), showList(model), showEvents(model)),
    ),
    el(
      'footer',
      { key: 'footer' },
      `As replica ${model.overview.self} saw it at ${model.overview.at.slice(11, 19)} UTC; asked again every five seconds.`,
    ),
  ];
}

function showHeader({ cluster, leader, replicas, nodes, networkId }: Overview): Element {
  const attachments = nodes.reduce((sum, { report }) => sum + (report?.attachments ?? 0), 0);
  const facts = [
    ['Leader', leader ?? 'none'],
    ['Cluster-managers', String(replicas.length)],
    ['Nodes', grouped(nodes.length)],
    ['Attachments', grouped(attachments)],
    ['Network', networkId === null ? 'none yet' : networkId.slice(0, 8)],
  ] as const;
  return el(
    'header',
    { key: 'header' },
    el('div', { class: 'name' }, el('p', { class: 'eyebrow' }, 'Wireguard CNI'), el('h1', {}, cluster)),
    el(
      'dl',
      { class: 'facts' },
      ...facts.map(([word, value]) => el('div', { key: word }, el('dt', {}, word), el('dd', {}, value))),
    ),
  );
}

/** What somebody has to know before they read on. */
function showNotices({ overview, failure }: Model): Element[] {
  const { leader, recovering, synced, replicas, networkId } = overview;
  const unheard = replicas.filter(({ isHeard }) => !isHeard).map(({ replicaId }) => replicaId);
  const notices: [key: string, isBad: boolean, text: string][] = [
    ...when(failure !== undefined, 'failure', true, `No answer: ${failure}. What is below is what was seen last.`),
    ...when(leader === null, 'leader', true, 'No leader: writes are refused until one is elected.'),
    ...when(!synced, 'store', true, 'This cluster-manager does not follow the store: see that etcd has a quorum.'),
    ...when(recovering, 'recovering', false, 'Recovering: the store lost history; only what nodes claim is granted.'),
    ...when(networkId === null, 'network', false, 'There is no network yet: start with --bootstrap --pool CIDR:LEN.'),
    ...when(
      unheard.length > 0,
      'unheard',
      false,
      `Not heard: ${unheard.join(', ')}. What nodes told them alone is missing.`,
    ),
  ];
  return notices.map(([key, isBad, text]) => el('p', { key, class: `notice${isBad ? ' bad' : ''}` }, text));
}

function when(holds: boolean, key: string, isBad: boolean, text: string): [string, boolean, string][] {
  return holds ? [[key, isBad, text]] : [];
}
