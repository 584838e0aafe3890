/** What somebody writes between our write and our look is seen by names and numbers. */
import { expect, it } from 'vitest';
import type { NftContent } from '../port.ts';
import { unlikePlan } from './as-planned.ts';
import { countListed } from './listed-table.ts';

const content: NftContent = {
  sets: [{ name: 'pods4', family: 4, elements: ['10.64.0.0/12'] }],
  counters: ['denied'],
  chains: [{ name: 'forward', hook: 'forward', rules: ['accept'] }],
};
const table = { table: { name: 'wgcni' } };
const counter = { counter: { name: 'denied', packets: 1, bytes: 2 } };
const set = { set: { name: 'pods4', elem: [{ prefix: { addr: '10.64.0.0', len: 12 } }] } };
const chain = { chain: { name: 'forward', hook: 'forward', policy: 'accept' } };
const rule = { rule: { chain: 'forward', expr: [{ accept: null }] } };
const judge = (...nftables: object[]): string | undefined =>
  unlikePlan(content, countListed(JSON.stringify({ nftables: [{ metainfo: {} }, ...nftables] })));

it('is as planned when it has our names, and as many rules and elements', () => {
  expect(judge(table, counter, set, chain, rule)).toBeUndefined();
});

it.each<[string, object[], RegExp]>([
  ['a rule more', [table, counter, set, chain, rule, rule], /forward has 2 rules/],
  ['a rule less', [table, counter, set, chain], /forward has 0 rules/],
  ['a chain more', [table, counter, set, chain, rule, { chain: { name: 'late' } }], /chain late is not ours/],
  ['a set less', [table, counter, chain, rule], /a set is missing/],
  ['a set that is empty', [table, counter, { set: { name: 'pods4' } }, chain, rule], /pods4 has 0 elements/],
  ['a policy that drops', [table, counter, set, { chain: { ...chain.chain, policy: 'drop' } }, rule], /is another/],
  ['a table that sleeps', [{ table: { flags: ['dormant'], name: 'wgcni' } }, counter, set, chain, rule], /flags/],
  ['nothing', [], /is missing/],
])('is not with %s', (_, listed, why) => {
  expect(judge(...listed)).toMatch(why);
});
