/** What is told to nft: one transaction that takes away what is not wanted any more and touches no counter that stays. */
import { expect, it } from 'vitest';
import type { NftContent } from '../port.ts';
import { planRebuild, planTransaction } from './plan-transaction.ts';

const content: NftContent = {
  sets: [
    { name: 'pods4', family: 4, elements: ['10.64.0.0/12', '10.96.0.0/16'] },
    { name: 'pods6', family: 6, elements: [] },
  ],
  counters: ['denied', 'rule-web'],
  chains: [
    { name: 'forward', hook: 'forward', rules: ['jump judged'] },
    { name: 'judged', rules: ['ct original ip saddr @pods4 counter name denied drop'] },
  ],
};
const made = [
  'add set inet wgcni pods4 { type ipv4_addr; flags interval; }',
  'flush set inet wgcni pods4',
  'add element inet wgcni pods4 { 10.64.0.0/12, 10.96.0.0/16 }',
  'add set inet wgcni pods6 { type ipv6_addr; flags interval; }',
  'flush set inet wgcni pods6',
  'add chain inet wgcni forward { type filter hook forward priority filter; policy accept; }',
  'add chain inet wgcni judged',
  'add rule inet wgcni forward jump judged',
  'add rule inet wgcni judged ct original ip saddr @pods4 counter name denied drop',
];

it('takes out what is not wanted before it makes the rest, and leaves a counter that stays alone', () => {
  const listed = { chains: ['forward', 'old'], sets: ['pods4', 'gone4'], counters: ['denied', 'rule-old'] };
  const lines = planTransaction('wgcni', content, { ...listed, content: '', counts: new Map() })
    .trim()
    .split('\n');
  expect(lines).toEqual([
    ...['add table inet wgcni', 'flush table inet wgcni', 'delete chain inet wgcni old', 'delete set inet wgcni gone4'],
    ...['delete counter inet wgcni rule-old', 'add counter inet wgcni rule-web', ...made],
  ]);
});

it('makes all of it anew where a name of ours is something else', () => {
  expect(planRebuild('wgcni', content).trim().split('\n')).toEqual([
    ...['add table inet wgcni', 'delete table inet wgcni', 'add table inet wgcni', 'flush table inet wgcni'],
    ...['add counter inet wgcni denied', 'add counter inet wgcni rule-web', ...made],
  ]);
});
