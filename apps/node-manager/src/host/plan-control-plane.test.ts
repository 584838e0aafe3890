/** What containers may not reach: by the address that they ask for, on the way through, and at the node itself. */
import { parseCidr } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { controlPlaneOf } from '../control-plane/servers.ts';
import { planControlPlane } from './plan-control-plane.ts';

const controlPlane = controlPlaneOf(['https://192.0.2.1:2379', 'https://[2001:db8::1]:7001'], new Map());
const pools = ['10.64.0.0/12', 'fd64::/48'].map((text) => parseCidr(text));

describe('the rules about the control plane', () => {
  it('drop what goes through the node to its addresses and ports, by device and by address of origin', () => {
    expect(planControlPlane(controlPlane, pools, 4).forward).toEqual([
      '-d 192.0.2.1/32 -i wgcni-pods -p tcp -m tcp --dport 2379 -j DROP',
      '-d 192.0.2.1/32 -i wgcni-v+ -p tcp -m tcp --dport 2379 -j DROP',
      '-s 10.64.0.0/12 -d 192.0.2.1/32 ! -i lo -p tcp -m tcp --dport 2379 -j DROP',
    ]);
    expect(planControlPlane(controlPlane, pools, 6).forward).toEqual([
      '-d 2001:db8::1/128 -i wgcni-pods -p tcp -m tcp --dport 7001 -j DROP',
      '-d 2001:db8::1/128 -i wgcni-v+ -p tcp -m tcp --dport 7001 -j DROP',
      '-s fd64::/48 -d 2001:db8::1/128 ! -i lo -p tcp -m tcp --dport 7001 -j DROP',
    ]);
  });

  it('drop what comes to any address of the node at any port of the control plane, whatever family its URL has', () => {
    expect(planControlPlane(controlPlane, pools, 4).input).toEqual([
      '-i wgcni-pods -p tcp -m tcp --dport 2379 -j DROP',
      '-i wgcni-v+ -p tcp -m tcp --dport 2379 -j DROP',
      '-s 10.64.0.0/12 ! -i lo -p tcp -m tcp --dport 2379 -j DROP',
      '-i wgcni-pods -p tcp -m tcp --dport 7001 -j DROP',
      '-i wgcni-v+ -p tcp -m tcp --dport 7001 -j DROP',
      '-s 10.64.0.0/12 ! -i lo -p tcp -m tcp --dport 7001 -j DROP',
    ]);
  });

  it('drop both before anybody redirects them', () => {
    const { before, forward, input } = planControlPlane(controlPlane, pools, 6);
    const local = input.map((rule) => rule.replace(' -j DROP', ' -m addrtype --dst-type LOCAL -j DROP'));
    expect(before).toEqual([...forward, ...local]);
  });

  it('hold for this node before the pools are known', () => {
    expect(planControlPlane(controlPlane, [], 4).forward).toEqual([
      '-d 192.0.2.1/32 -i wgcni-pods -p tcp -m tcp --dport 2379 -j DROP',
      '-d 192.0.2.1/32 -i wgcni-v+ -p tcp -m tcp --dport 2379 -j DROP',
    ]);
  });

  it('say nothing of other ports, other addresses, or what is no TCP', () => {
    const { before, forward, input } = planControlPlane(controlPlane, pools, 4);
    for (const rule of [...before, ...forward, ...input]) expect(rule).toMatch(/ -p tcp -m tcp --dport (2379|7001) /);
  });
});
