/** What leaves the cluster: hidden as the network says, but where the node was told otherwise. */
import { parseAddress, parseCidr } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { emptyView, type NetworkPlan } from '../view/cluster-view.ts';
import { type EgressFlags, type Leaving, leavingOf, planMasquerade } from './plan-masquerade.ts';

const pools = ['10.64.0.0/12', 'fd64::/48', '2001:db8:1::/48'].map((text) => parseCidr(text));
const usual: Leaving = { mode: 'auto', except: [], routes: [], sources: [] };

describe('what leaves the pools', () => {
  it('is hidden for IPv4 and unique local IPv6, and is not for global IPv6, unless the network says so', () => {
    expect(planMasquerade(pools, usual, 4)).toEqual([
      '-d 10.64.0.0/12 -j RETURN',
      '-s 10.64.0.0/12 ! -o wgcni-+ -j MASQUERADE',
    ]);
    expect(planMasquerade(pools, usual, 6).filter((rule) => rule.includes('MASQUERADE'))).toEqual([
      '-s fd64::/48 ! -o wgcni-+ -j MASQUERADE',
    ]);
    expect(planMasquerade(pools, { ...usual, mode: 'on' }, 6)).toContain(
      '-s 2001:db8:1::/48 ! -o wgcni-+ -j MASQUERADE',
    );
    for (const family of [4, 6] as const) expect(planMasquerade(pools, { ...usual, mode: 'off' }, family)).toEqual([]);
  });

  it('keeps its address towards what is excepted, in the family of that', () => {
    const except = ['192.168.0.0/16', 'fd00::/32'].map((text) => parseCidr(text));
    expect(planMasquerade(pools, { ...usual, except }, 4)).toEqual([
      ...['-d 10.64.0.0/12 -j RETURN', '-d 192.168.0.0/16 -j RETURN', '-s 10.64.0.0/12 ! -o wgcni-+ -j MASQUERADE'],
    ]);
    expect(planMasquerade(pools, { ...usual, except }, 6)).toContain('-d fd00::/32 -j RETURN');
  });

  it('leaves under the address that the node was told, in its family alone', () => {
    const sources = [parseAddress('192.0.2.9')];
    expect(planMasquerade(pools, { ...usual, sources }, 4)).toContain(
      '-s 10.64.0.0/12 ! -o wgcni-+ -j SNAT --to-source 192.0.2.9',
    );
    expect(planMasquerade(pools, { ...usual, sources }, 6)).toContain('-s fd64::/48 ! -o wgcni-+ -j MASQUERADE');
  });
});

describe('what comes out of the mesh to a route of this node', () => {
  const routes = ['192.168.50.0/24', '2001:db8:50::/64'].map((text) => parseCidr(text));
  const toRoute = '-s 10.64.0.0/12 -d 192.168.50.0/24 ! -o wgcni-+ -j MASQUERADE';

  it('is hidden in both families, also from pools that are not hidden elsewhere, behind the interface there', () => {
    const sources = [parseAddress('192.0.2.9')];
    expect(planMasquerade(pools, { ...usual, routes, sources }, 4)).toEqual([
      ...['-d 10.64.0.0/12 -j RETURN', toRoute, '-s 10.64.0.0/12 ! -o wgcni-+ -j SNAT --to-source 192.0.2.9'],
    ]);
    expect(planMasquerade(pools, { ...usual, routes }, 6)).toContain(
      '-s 2001:db8:1::/48 -d 2001:db8:50::/64 ! -o wgcni-+ -j MASQUERADE',
    );
  });

  it('keeps its address when the network says off, or excepts it', () => {
    expect(planMasquerade(pools, { ...usual, routes, mode: 'off' }, 4)).toEqual([]);
    const rules = planMasquerade(pools, { ...usual, routes, except: routes }, 4);
    expect(rules.indexOf('-d 192.168.50.0/24 -j RETURN')).toBeLessThan(rules.indexOf(toRoute));
  });
});

describe('the network and the flags of a node', () => {
  const network: NetworkPlan = {
    ...{ networkId: 'x', pools: [], mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 60 },
    masquerade: { mode: 'off', except: ['192.168.0.0/16'] },
  };
  const flags: EgressFlags = { masquerade: undefined, egressSources: [] };

  it('hold together: the mode of the node before that of the network, the exceptions of the network always', () => {
    const except = [parseCidr('192.168.0.0/16')];
    expect(leavingOf({ ...emptyView, network }, flags)).toEqual({ ...usual, mode: 'off', except });
    const ownRoutes = ['192.168.50.0/24'];
    expect(leavingOf({ ...emptyView, network, ownRoutes }, flags).routes).toEqual([parseCidr('192.168.50.0/24')]);
    expect(leavingOf({ ...emptyView, network }, { ...flags, masquerade: 'on' })).toMatchObject({ mode: 'on', except });
  });

  it('are the defaults before the network is known', () => {
    expect(leavingOf(emptyView, flags)).toEqual(usual);
  });
});
