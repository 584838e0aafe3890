/** Plans for iptables-restore. */
import { describe, expect, it } from 'vitest';
import type { FirewallChain } from '../port.ts';
import { planTable } from './plan-table.ts';
import { parseSavedRules } from './saved-rules.ts';

const prefix = 'WGCNI-';
const forward: FirewallChain = {
  ...{ family: 4, table: 'filter', name: 'WGCNI-FORWARD', hook: 'FORWARD', rules: ['-i wgcni-pods -j ACCEPT'] },
};
const plan = (desired: FirewallChain[], ...rules: string[]) => {
  const saved = parseSavedRules(['*filter', ':FORWARD ACCEPT [0:0]', ...rules, 'COMMIT'].join('\n')).get('filter');
  const isSame = (chain: FirewallChain, found: readonly string[]) => chain.rules.join() === found.join();
  return planTable({ table: 'filter', desired, saved: saved ?? new Map(), prefix, isSame })
    ?.split('\n')
    .slice(1, -2);
};
const ours = [':WGCNI-FORWARD - [0:0]', '-A WGCNI-FORWARD -i wgcni-pods -j ACCEPT'];

describe('planTable', () => {
  it('fills a new chain before it is jumped to', () => {
    expect(plan([forward], '-A FORWARD -j DOCKER')).toEqual([...ours, '-I FORWARD 1 -j WGCNI-FORWARD']);
  });

  it('has nothing to do when everything is in place', () => {
    expect(plan([forward], ...ours, '-A FORWARD -j WGCNI-FORWARD', '-A FORWARD -j DOCKER')).toBeUndefined();
  });

  it('moves a jump that is no longer the first, and drops a second one', () => {
    const jump = '-A FORWARD -j WGCNI-FORWARD';
    const removal = '-D FORWARD -j WGCNI-FORWARD';
    const insertion = '-I FORWARD 1 -j WGCNI-FORWARD';
    expect(plan([forward], ...ours, '-A FORWARD -j DOCKER', jump)).toEqual([removal, insertion]);
    expect(plan([forward], ...ours, jump, jump)).toEqual([removal, removal, insertion]);
  });

  it('makes a chain again that has gone, even when it is to be empty', () => {
    expect(plan([{ ...forward, rules: [] }])).toEqual([':WGCNI-FORWARD - [0:0]', '-I FORWARD 1 -j WGCNI-FORWARD']);
  });

  it('deletes a chain that is not wanted after every jump to it, whoever made that', () => {
    const saved = [':CUSTOM - [0:0]', ':WGCNI-OLD - [0:0]', '-A CUSTOM -s 10.0.0.1/32 -g WGCNI-OLD'];
    expect(plan([], ...saved)).toEqual([':WGCNI-OLD - [0:0]', '-D CUSTOM -s 10.0.0.1/32 -g WGCNI-OLD', '-X WGCNI-OLD']);
  });

  it('leaves a table without anything of ours alone', () => {
    expect(plan([], '-A FORWARD -m comment --comment "see WGCNI-OLD" -j DROP')).toBeUndefined();
  });
});
