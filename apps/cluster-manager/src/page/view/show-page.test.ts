/** What the page says, as a reader or a screen reader finds it. */
import type { Overview, OverviewNode } from '@wgcni/api';
import { type Child, type Element, markup, textOf } from '@wgcni/api/picture';
import { describe, expect, it } from 'vitest';
import type { Model, ShownEvent } from './model.ts';
import { lastHour } from './show-events.ts';
import { showPage } from './show-page.ts';

const told: OverviewNode['report'] = {
  ...{ ageSec: 3, peers: 2, tunnelsNotUp: 0, attachments: 2, addressesTaken: 4, problems: [] },
};
const node = (nodeId: string, change: Partial<OverviewNode> = {}): OverviewNode => ({
  ...{ nodeId, state: 'live', silentSec: 0, version: '1', subnets: [`10.64.${nodeId.slice(1)}.0/24`], report: told },
  ...change,
});
const overview: Overview = {
  ...{ at: '2026-01-01T12:00:00.000Z', cluster: 'main', networkId: 'ab'.repeat(16), self: 'm1', leader: 'm1' },
  ...{ recovering: false, synced: true, replicas: [{ replicaId: 'm1', version: '1', isHeard: true }] },
  nodes: [node('n1'), node('n2'), node('n3', { state: 'silent', report: null })],
  ...{ pools: [], tunnels: [], tunnelsNotUp: 0, revision: 7 },
};
const shown = (change: Partial<Omit<Model, 'overview'>> = {}, of: Partial<Overview> = {}): Element[] =>
  showPage({
    ...{ overview: { ...overview, ...of }, failure: undefined, events: undefined, chosen: undefined },
    ...{ report: undefined, current: undefined, filter: '', width: 800, ...change },
  });
const textIn = (elements: readonly Child[]): string => elements.map(textOf).join(' ').replace(/\s+/g, ' ');
/** The section with this key. */
const section = (key: string, elements: readonly Child[]): Element => {
  const found = all(elements).find((each) => each.key === key && each.tag === 'section');
  if (found === undefined) throw new Error(`there is no ${key}`);
  return found;
};
const all = (elements: readonly Child[]): Element[] =>
  elements.flatMap((each) => (typeof each === 'string' ? [] : [each, ...all(each.children)]));

describe('the page', () => {
  it('says who leads, and what a reader must know first', () => {
    expect(textIn(shown())).toContain('Leader m1');
    expect(textIn(shown())).not.toMatch(/No leader|Not heard|Recovering|No answer/);
    const replicas = [{ replicaId: 'm2', version: '1', isHeard: false }];
    const ill = { leader: null, recovering: true, synced: false, replicas, networkId: null };
    const text = textIn(shown({ failure: 'status 503' }, ill));
    for (const words of [
      'No answer: status 503',
      'No leader',
      'does not follow the store',
      'Recovering',
      'Not heard: m2',
      'no network yet',
    ])
      expect(text).toContain(words);
  });

  it('gives every section a name, and every node a line with the same words as its sign', () => {
    for (const key of ['graph', 'pools', 'chosen', 'list', 'events'])
      expect(Object.keys(section(key, shown()).attributes).some((name) => name.startsWith('aria-label'))).toBe(true);
    const labels = (key: string): (string | undefined)[] =>
      all([section(key, shown())])
        .filter(({ attributes }) => attributes['data-node'] !== undefined)
        .map(({ attributes }) => attributes['aria-label']);
    expect(labels('list')).toEqual(labels('graph'));
    expect(labels('list')).toHaveLength(3);
  });

  it('lets one node of the graph and one of the list be reached by the keyboard, where it was last', () => {
    const reached = (current?: string): (string | undefined)[] =>
      all(shown({ current }))
        .filter(({ attributes }) => attributes['data-node'] !== undefined && attributes['tabindex'] === '0')
        .map(({ attributes }) => attributes['data-node']);
    expect([reached(), reached('n2'), reached('gone')]).toEqual([
      ['n1', 'n1'],
      ['n2', 'n2'],
      ['n1', 'n1'],
    ]);
  });

  it('narrows the list by name, state and subnet', () => {
    const named = (filter: string): number =>
      all([section('list', shown({ filter }))]).filter(({ tag }) => tag === 'button').length;
    expect([named('n2'), named(' SILENT '), named('10.64.1.'), named('nobody')]).toEqual([1, 1, 1, 0]);
  });

  it('lets nothing that a node tells become markup', () => {
    const problems = ['<img src=x onerror=alert(1)>'];
    const nodes = [node('n1', { report: { ...told, problems } })];
    const text = shown({ chosen: 'n1' }, { nodes }).map(markup).join('');
    expect(text).toContain('&#60;img');
    expect(text).not.toContain('<img');
  });
});

describe('the chosen node', () => {
  const attachment = {
    network: 'net',
    containerId: 'c1',
    ifName: 'eth0',
    state: 'answered' as const,
    addresses: ['10.64.1.2'],
  };
  const report = {
    ...{
      nodeId: 'n1',
      ageSec: 3,
      instance: '',
      run: '',
      counter: 1,
      version: '1',
      peers: 2,
      addresses: [],
      problems: [],
    },
    tunnels: [{ nodeId: 'n2', state: 'broken' as const, since: '2026-01-01T11:59:00Z', cause: 'no route' }],
    ...{ tunnelsNotUp: 1, attachments: [attachment], attachmentsTotal: 3 },
  };
  const text = (change: Partial<Model>, of: Partial<Overview> = {}): string =>
    textIn([section('chosen', shown({ chosen: 'n1', ...change }, of))]);

  it('shows its attachments, and how many there are that nobody named', () => {
    expect(text({ report })).toMatch(/Attachments \(3\).*c1.*eth0 in net.*10\.64\.1\.2.*and 2 more/);
    expect(text({ report: 'absent' })).toContain('No replica has a report');
    expect(text({ report: undefined })).toContain('Asking');
  });

  it('shows its tunnels in its own words, and in those of the other end where it says nothing', () => {
    const tunnels = [
      { from: 'n2', to: 'n1', state: 'broken' as const, since: '2026-01-01T11:58:00Z', cause: 'said by n2' },
      { from: 'n3', to: 'n1', state: 'unknown' as const, since: '2026-01-01T11:58:00Z', cause: 'said by n3' },
    ];
    const words = text({ report }, { tunnels });
    expect(words).toMatch(/Tunnels that are not up \(2\)/);
    expect(words).toContain('said by n3');
    expect(words).toContain('n2 broken since 11:59:00 UTC: no route');
    expect(words).not.toContain('said by n2');
  });

  it('counts the tunnels that its report does not name', () => {
    const words = text({ report: { ...report, tunnelsNotUp: 999 } });
    expect(words).toMatch(/Tunnels that are not up \(999\)/);
    expect(words).toContain('and 998 more');
  });

  it('says that it is gone when it is', () => {
    expect(text({ chosen: 'n9' })).toContain('n9 is not in the mesh any more');
  });
});

describe('what changed', () => {
  const event = (id: string, at: string): ShownEvent => ({
    ...{
      id,
      at,
      kind: 'node.silent',
      subject: `node ${id}`,
      message: 'is silent',
      cause: null,
      remedy: 'look after it',
    },
  });
  const items = [
    event('a', '2026-01-01T10:59:59Z'),
    event('b', '2026-01-01T11:00:00Z'),
    event('c', '2026-01-01T11:59:00Z'),
  ];

  it('is of the last hour, the newest first', () => {
    expect(lastHour(items, overview.at).map(({ id }) => id)).toEqual(['c', 'b']);
  });

  it('says when the replica has not looked for an hour', () => {
    const text = (since: string): string => textIn([section('events', shown({ events: { items, since } }))]);
    expect(text('2026-01-01T11:30:00Z')).toContain('looks since 11:30:00');
    expect(text('2026-01-01T10:00:00Z')).not.toContain('looks since');
    expect(text('2026-01-01T10:00:00Z')).toMatch(/node c is silent look after it.*node b/);
  });
});
