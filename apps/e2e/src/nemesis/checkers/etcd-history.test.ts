/** The replay of etcd can fail: each broken invariant is told with its revision. */
import { keysOf } from '@wgcni/store';
import { describe, expect, it } from 'vitest';
import type { HistoryEvent } from '../history/event.ts';
import { etcdViolations } from './etcd-history.ts';

const keys = keysOf('c');
const cidr = '10.64.0.0/24';
const run: HistoryEvent = {
  ...{ kind: 'run', seed: 1, cluster: 'c', realNodes: [], clockRate: 1 },
  ...{ registrationTtlMs: 6_000, holdDownMs: 30_000 },
};
let revision = 10;
const stored = (key: string, value: object) => ({
  ...{ key, value: JSON.stringify(value), createRevision: revision, modRevision: revision, lease: '0' },
});
const leader = () => stored(keys.leader, { replicaId: 'm1' });
const node = (nodeId: string, ...grantIds: string[]) =>
  stored(keys.node(nodeId), { nodeId, publicKey: nodeId, subnets: grantIds.map((grantId) => ({ cidr, grantId })) });
const subnet = (nodeId: string, grantId: string, state = 'held') =>
  stored(keys.subnet('10.64.0.0/20', cidr), { cidr, nodeId, grantId, state, silentMs: 0 });
const claim = (nodeId: string) => stored(keys.keyClaim(nodeId), { nodeId });
const registration = (nodeId: string) => stored(keys.registration(nodeId), { nodeId });
const gone = (nodeId: string, why: string) => stored(keys.goneEntry('node', nodeId), { why });
const tx = (puts: ReturnType<typeof stored>[], deletes: string[] = [], atMs = 0): HistoryEvent => ({
  ...{ kind: 'etcd', atMs, revision: (revision += 1), puts, deletes },
});
const empty: HistoryEvent = { kind: 'etcd-list', atMs: 0, revision: 10, items: [], isLoss: false };
const found = (...events: HistoryEvent[]): string[] => etcdViolations([run, empty, tx([leader()]), ...events]);
const grantTo = (nodeId: string, grantId: string): HistoryEvent =>
  tx([node(nodeId, grantId), subnet(nodeId, grantId), claim(nodeId), registration(nodeId)]);

describe('the replay of etcd', () => {
  it('finds nothing where a subnet is granted, reclaimed after the hold-down, rests, and is granted again', () => {
    expect(
      found(
        grantTo('a', 'g1'),
        tx([], [keys.registration('a')], 5_000),
        tx([subnet('a', 'g1', 'released'), gone('a', 'reclaimed')], [keys.node('a'), keys.keyClaim('a')], 36_000),
        tx([], [keys.subnet('10.64.0.0/20', cidr)], 40_000),
        grantTo('b', 'g2'),
      ),
    ).toEqual([]);
  });

  const atRest = [
    grantTo('a', 'g1'),
    tx([], [keys.registration('a')], 5_000),
    tx([subnet('a', 'g1', 'released'), gone('a', 'reclaimed')], [keys.node('a'), keys.keyClaim('a')], 36_000),
  ];

  it('finds nothing where a claim takes a subnet out of its rest while the store recovers', () => {
    expect(found(...atRest, tx([stored(keys.recovering, {})]), grantTo('b', 'g2'))).toEqual([]);
  });

  it.each<[string, HistoryEvent[], string]>([
    ['a subnet that is taken out of its rest', [...atRest, grantTo('b', 'g2')], 'passed from a (released) to b'],
    [
      'a subnet that passes from owner to owner',
      [grantTo('a', 'g1'), tx([subnet('b', 'g2'), node('a'), node('b', 'g2'), claim('b')])],
      'passed from a (held) to b without having been free',
    ],
    [
      'a subnet that goes while it is held',
      [grantTo('a', 'g1'), tx([node('a')], [keys.subnet('10.64.0.0/20', cidr)])],
      'went while it was held',
    ],
    [
      'a record without its subnet',
      [tx([node('a', 'g1'), claim('a')])],
      'a has 10.64.0.0/24, which is undefined by undefined',
    ],
    ['a subnet without its record', [tx([subnet('a', 'g1')])], 'is held by a, whose record does not have it'],
    ['a subnet in two records', [grantTo('a', 'g1'), tx([node('b', 'g1'), claim('b')])], 'stands with a and with b'],
    ['a key that nobody claims', [tx([node('a')])], 'a has no claim'],
    ['a change without a leader', [tx([], [keys.leader]), grantTo('a', 'g1')], 'changed while nobody led'],
    [
      'a reclaim of a registered node',
      [grantTo('a', 'g1'), tx([subnet('a', 'g1', 'released'), gone('a', 'reclaimed')], [keys.node('a')], 99_000)],
      'was reclaimed while a was registered',
    ],
    [
      'a reclaim before the hold-down',
      [
        grantTo('a', 'g1'),
        tx([], [keys.registration('a')], 5_000),
        tx([subnet('a', 'g1', 'released'), gone('a', 'reclaimed')], [keys.node('a')], 20_000),
      ],
      'was reclaimed 15000 ms after a was registered',
    ],
    [
      'a rest without a reason',
      [grantTo('a', 'g1'), tx([subnet('a', 'g1', 'released'), node('a')])],
      'went to rest without a tombstone',
    ],
    [
      'another network',
      [tx([stored(keys.network, { networkId: 'x' })]), tx([stored(keys.network, { networkId: 'y' })])],
      'the network x became y',
    ],
  ])('tells of %s', (_, events, words) => {
    expect(found(...events).join('\n')).toContain(words);
  });
});
