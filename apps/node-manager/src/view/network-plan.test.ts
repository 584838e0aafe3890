/** The options of the network on a node: read of records and views of before, kept against an earlier manager's answer. */
import { Value } from '@sinclair/typebox/value';
import { optionsOf } from '@wgcni/ipam';
import { keysOf, type StoredKey } from '@wgcni/store';
import { describe, expect, it } from 'vitest';
import { ClusterViewSchema, emptyView, type NetworkPlan } from './cluster-view.ts';
import { networkPlanOf } from './network-plan.ts';
import { readSnapshot } from './read-snapshot.ts';

const keys = keysOf('c');
const before: NetworkPlan = {
  networkId: 'a'.repeat(32),
  pools: [{ cidr: '10.64.0.0/12', prefixLength: 24 }],
  mtu: 1_420,
  keepaliveSec: 25,
  registrationTtlSec: 30,
  holdDownSec: 86_400,
};
const said = {
  clientPools: ['10.200.0.0/16'],
  masquerade: { mode: 'off' as const, except: ['192.168.0.0/16'] },
  isolation: 'isolated' as const,
  rules: [{ name: 'web', from: ['any'], to: ['containers'], protocol: 'tcp' as const, ports: ['80'] }],
};
const snapshotOf = (network: object) => {
  const item: StoredKey = {
    ...{ key: keys.network, value: JSON.stringify({ schema: 1, ...network }), createRevision: 1 },
    ...{ modRevision: 5, lease: '0' },
  };
  return readSnapshot([item], 9, keys);
};

describe('the options of the network on a node', () => {
  it('are read of the record, and are the defaults for a record of before', () => {
    expect(snapshotOf({ ...before, ...said }).network).toEqual({ ...before, ...optionsOf(said) });
    expect(snapshotOf(before).network).toEqual({ ...before, ...optionsOf({}) });
  });

  it.each([
    ['a word that is none of them', { isolation: 'closed' }],
    ['a client pool that is no block', { clientPools: ['10.200.0.1/16'] }],
    ['a client pool inside a pool', { clientPools: ['10.64.0.0/16'] }],
    ['an exception that is no block', { masquerade: { mode: 'on', except: ['x'] } }],
    ['a rule that cannot be', { rules: [{ ...said.rules[0], from: ['nobody'] }] }],
    ['pools that are none', { pools: [{ cidr: 'x', prefixLength: 24 }] }],
  ])('leave what was known in place where the record has %s', (_, change) => {
    const { network, quarantined } = snapshotOf({ ...before, ...said, ...change });
    expect([network, quarantined]).toEqual([undefined, [keys.network]]);
  });

  it('stay readable in a view of before, and stand in one of now', () => {
    for (const network of [before, networkPlanOf({ ...before, ...said })])
      expect(Value.Check(ClusterViewSchema, JSON.parse(JSON.stringify({ ...emptyView, network })))).toBe(true);
  });

  it('are not undone by the answer of a manager that does not know them', () => {
    const known = networkPlanOf({ ...before, ...said });
    expect(networkPlanOf({ ...before, mtu: 1_300 }, known)).toEqual({ ...known, mtu: 1_300 });
    expect(networkPlanOf({ ...before, isolation: 'open' }, known).isolation).toBe('open');
  });
});
