/** The answer of `nft -j list table`: what stands in it, what it counted, and the rest as text to compare. */
import type { NftCount } from '../port.ts';

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
}

type Listed = Partial<Record<'chain' | 'set' | 'counter', Named>>;

/** Parses the JSON; throws SyntaxError or TypeError for what is none of nft's. */
export function parseListedTable(json: string): ListedTable {
  const listed = (JSON.parse(json) as { nftables: Listed[] }).nftables;
  const named = (kind: keyof Listed): Named[] => listed.flatMap((one) => one[kind] ?? []);
  const names = (kind: keyof Listed): string[] => named(kind).flatMap(({ name }) => name ?? []);
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
