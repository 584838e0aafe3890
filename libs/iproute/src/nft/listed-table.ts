/** The answer of `nft -j list table`: what stands in it, what it counted, and the rest as text to compare. */
import type { NftCount } from '../port.ts';
import type { ListedCounts } from './as-planned.ts';

export interface ListedTable {
  /** Everything but handles and counts: equal texts are equal tables. */
  content: string;
  chains: string[];
  sets: string[];
  counters: string[];
  counts: Map<string, NftCount>;
}

interface Named {
  name?: string;
  packets?: number;
  bytes?: number;
  /** Of a chain that a hook leads to. */
  hook?: string;
  policy?: string;
  /** Of a rule. */
  chain?: string;
  /** Of a set. */
  elem?: object[];
  /** Of a table or a set. */
  flags?: string[];
}

type Kind = 'table' | 'chain' | 'set' | 'counter' | 'rule';
type Listed = Partial<Record<Kind, Named>>;

/** What stands in the table, in numbers. Throws as `parseListedTable` does. */
export function countListed(json: string): ListedCounts {
  const listed = (JSON.parse(json) as { nftables: Listed[] }).nftables;
  const rules = new Map<string, number>();
  for (const { rule } of listed) if (rule?.chain !== undefined) rules.set(rule.chain, (rules.get(rule.chain) ?? 0) + 1);
  const named = (kind: Kind): (Named & { name: string })[] =>
    listed.flatMap((one) => (one[kind]?.name === undefined ? [] : [{ ...one[kind], name: one[kind].name }]));
  return {
    chains: new Map(
      named('chain').map(({ name, hook, policy }) => [name, { hook, policy, rules: rules.get(name) ?? 0 }]),
    ),
    sets: new Map(named('set').map(({ name, elem = [] }) => [name, elem.length])),
    counters: named('counter').map(({ name }) => name),
    hasFlags: named('table').some(({ flags = [] }) => flags.length > 0),
  };
}

/** Parses the JSON; throws SyntaxError or TypeError for what is none of nft's. */
export function parseListedTable(json: string): ListedTable {
  const listed = (JSON.parse(json) as { nftables: Listed[] }).nftables;
  const named = (kind: Kind): Named[] => listed.flatMap((one) => one[kind] ?? []);
  const names = (kind: Kind): string[] => named(kind).flatMap(({ name }) => name ?? []);
  const counts = named('counter').map(({ name = '', packets = 0, bytes = 0 }) => [name, { packets, bytes }] as const);
  return {
    content: contentOf(listed),
    ...{ chains: names('chain'), sets: names('set'), counters: names('counter') },
    counts: new Map(counts),
  };
}

function contentOf(listed: readonly object[]): string {
  const lasting = listed.filter((one) => !('metainfo' in one));
  const changing = new Set(['handle', 'packets', 'bytes']);
  return JSON.stringify(lasting, (key, value: unknown) => (changing.has(key) ? undefined : value));
}
