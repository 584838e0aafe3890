/** PURE: one node: what the register says of it, what it tells of itself, and its attachments. */
import type { Overview, OverviewNode, Report } from '@wgcni/api';
import { conditionsOf, conditionWords, el, type Element } from '@wgcni/api/picture';
import type { Model } from './model.ts';
import { sign } from './show-graph.ts';

/** Most tunnels that are listed. */
const mostTunnels = 30;

export function showChosen({ overview, chosen, report }: Model): Element {
  const node = overview.nodes.find(({ nodeId }) => nodeId === chosen);
  return el(
    'section',
    { key: 'chosen', id: 'chosen', class: 'panel', 'aria-live': 'polite', 'aria-label': 'The chosen node' },
    ...(node === undefined ? [invitation(chosen)] : details(overview, node, report)),
  );
}

function invitation(chosen: string | undefined): Element {
  const text =
    chosen === undefined
      ? 'Choose a node to see its tunnels and attachments.'
      : `${chosen} is not in the mesh any more.`;
  return el('p', { class: 'soft', key: 'invitation' }, text);
}

function details(overview: Overview, node: OverviewNode, report: Model['report']): Element[] {
  const { nodeId, state, silentSec, version, subnets } = node;
  const condition = conditionsOf(overview).get(nodeId) ?? 'unknown';
  const { word, means } = conditionWords[condition];
  const facts = [
    ['State', state === 'silent' ? `silent for ${silentSec} s or more` : state],
    ['Version', version ?? '–'],
    ['Subnets', subnets.join(', ') || 'none'],
    ...(node.report === null ? [] : reported(node.report)),
  ] as const;
  return [
    el('h3', { key: 'name' }, nodeId),
    el('p', { class: 'badge', key: 'badge' }, sign(condition), el('span', {}, el('strong', {}, word), ` – ${means}`)),
    el(
      'dl',
      { key: 'facts' },
      ...facts.flatMap(([name, value]) => [
        el('dt', { key: `${name} t` }, name),
        el('dd', { key: `${name} d` }, value),
      ]),
    ),
    ...problems(node),
    ...tunnels(overview, nodeId, report),
    ...attachments(report),
  ];
}

function reported({ ageSec, peers, tunnelsNotUp, addressesTaken }: NonNullable<OverviewNode['report']>) {
  return [
    ['Tunnels', `${Math.max(0, peers - tunnelsNotUp)} of ${peers} up`],
    ['Addresses', `${addressesTaken} taken`],
    ['Last change', `told ${ageSec} s ago`],
  ] as const;
}

function problems({ report }: OverviewNode): Element[] {
  if (report === null || report.problems.length === 0) return [];
  const items = report.problems.map((problem, index) => el('li', { key: String(index) }, problem));
  return [el('h4', { key: 'problems head' }, 'Not mended'), el('ul', { class: 'items', key: 'problems' }, ...items)];
}

/** In its own words, and in those of the other end where it says nothing itself. */
function tunnels(overview: Overview, nodeId: string, report: Model['report']): Element[] {
  const said = typeof report === 'object' ? report.tunnels.map((tunnel) => ({ ...tunnel, other: tunnel.nodeId })) : [];
  const named = new Set(said.map(({ other }) => other));
  const heard = overview.tunnels
    .filter(({ from, to }) => from === nodeId || to === nodeId)
    .map((tunnel) => ({ ...tunnel, other: tunnel.from === nodeId ? tunnel.to : tunnel.from }))
    .filter(({ other }) => !named.has(other));
  const own = [...heard, ...said];
  if (own.length === 0) return [];
  const items = own
    .slice(0, mostTunnels)
    .map(({ other, state, since, cause }) =>
      el('li', { key: other }, el('strong', {}, other), ` ${state} since ${since.slice(11, 19)} UTC: ${cause}`),
    );
  // A report names some of many.
  const count = Math.max(own.length, typeof report === 'object' ? report.tunnelsNotUp : 0);
  const unlisted = count - items.length;
  const more = unlisted > 0 ? [el('li', { class: 'soft', key: ' more' }, `and ${unlisted} more`)] : [];
  return [
    el('h4', { key: 'tunnels head' }, `Tunnels that are not up (${count})`),
    el('ul', { class: 'items scroll', key: 'tunnels' }, ...items, ...more),
  ];
}

function attachments(report: Model['report']): Element[] {
  if (report === undefined) return [el('p', { class: 'soft small', key: 'asking' }, 'Asking for its attachments…')];
  if (report === 'absent')
    return [el('p', { class: 'soft small', key: 'absent' }, 'No replica has a report of this node.')];
  const { attachmentsTotal, attachments: named } = report;
  const items = named.map((attachment) => el('li', { key: keyOf(attachment) }, ...attachmentWords(attachment)));
  const more =
    attachmentsTotal > named.length
      ? [`and ${attachmentsTotal - named.length} more, which the report does not name`]
      : [];
  return [
    el('h4', { key: 'attachments head' }, `Attachments (${attachmentsTotal})`),
    el(
      'ul',
      { class: 'items scroll', key: 'attachments' },
      ...items,
      ...more.map((text) => el('li', { key: ' more', class: 'soft' }, text)),
    ),
  ];
}

function keyOf({ network, containerId, ifName }: Report['attachments'][number]): string {
  return `${network} ${containerId} ${ifName}`;
}

function attachmentWords({ network, containerId, ifName, state, addresses }: Report['attachments'][number]) {
  const id = containerId.length > 16 ? `${containerId.slice(0, 12)}…` : containerId;
  const where = el('code', { title: containerId }, id);
  const about = ` ${ifName} in ${network}${state === 'answered' ? '' : `, ${state}`}`;
  return [where, about, el('div', { class: 'mono soft' }, addresses.join(' · '))];
}
