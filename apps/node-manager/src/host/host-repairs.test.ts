/** Of the host only what was right once can have been changed by somebody else. */
import type { FirewallChain } from '@wgcni/iproute';
import { expect, it } from 'vitest';
import type { Repair } from '../repair/repair.ts';
import { HostRepairs } from './host-repairs.ts';

const chain: FirewallChain = {
  family: 4,
  table: 'filter',
  name: 'WGCNI-FORWARD',
  hook: 'FORWARD',
  rules: ['-j ACCEPT'],
};

function repairing() {
  const told: Repair[] = [];
  return { told, host: new HostRepairs({ tell: (mended) => void told.push(...mended) }) };
}

it('tells of chains that were changed though the same was wanted, by their names', () => {
  const { told, host } = repairing();
  const other = { ...chain, rules: ['-j DROP'] };
  // What the node itself wishes otherwise counts as nobody's change.
  expect(host.chainsEnsured([chain], ['WGCNI-FORWARD/4'])).toBe(0);
  expect(host.chainsEnsured([other], ['WGCNI-FORWARD/4'])).toBe(0);
  expect(host.chainsEnsured([other], [])).toBe(0);
  expect(told).toEqual([]);
  expect(host.chainsEnsured([other], ['FORWARD/4'])).toBe(1);
  expect(told).toMatchObject([{ kind: 'repair.chains-restored', subject: 'chain FORWARD/4' }]);
});

it('tells of switches that were right when they were looked at last', () => {
  const { told, host } = repairing();
  const written = [{ name: 'net.ipv4.ip_forward', value: '1', found: '0' }];
  expect(host.switchesEnsured(written, ['net.ipv4.ip_forward'])).toBe(0);
  expect(told).toEqual([]);
  expect(host.switchesEnsured(written, ['net.ipv4.ip_forward'])).toBe(1);
  expect(told).toMatchObject([{ subject: 'switch net.ipv4.ip_forward', message: 'was set to 0, and is 1 again' }]);
});
