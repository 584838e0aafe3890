/** PURE: the counters of the policy's table by name, and what they say. */
import type { NodePolicy } from '@wgcni/api';
import type { NftCount, NftCounts } from '@wgcni/iproute';

/** Who began what is denied, and to whom. */
const pairs = {
  container: ['container', 'client', 'node', 'outside'],
  client: ['container', 'client', 'node', 'outside'],
  outside: ['container', 'client'],
} as const;

export type Origin = keyof typeof pairs;
export type Destination<From extends Origin = Origin> = (typeof pairs)[From][number];

const zero: NftCount = { packets: 0, bytes: 0 };

/** The counter of a rule. */
export function ruleCounter(name: string): string {
  return `rule-${name}`;
}

/** The counter of what is denied from one kind to another. */
export function deniedCounter<From extends Origin>(from: From, to: Destination<From>): string {
  return `denied-${from}-${to}`;
}

/** The counter of packets that belong to no connection that the kernel knows, or to none of their sender's. */
export const strayCounter = 'denied-stray';

/** All counters of what is denied. */
export const deniedCounters: readonly string[] = [
  ...Object.entries(pairs).flatMap(([from, all]) => all.map((to) => `denied-${from}-${to}`)),
  strayCounter,
];

/** By rule in the order of the names given, and of what was denied only what was met, by `<from>-<to>` or `stray`. */
export function policyCounts(ruleNames: readonly string[], counts: NftCounts): Omit<NodePolicy, 'isolation'> {
  return {
    rules: ruleNames.map((name) => ({ name, ...(counts.get(ruleCounter(name)) ?? zero) })),
    denied: deniedCounters
      .map((counter) => ({ what: counter.slice('denied-'.length), ...(counts.get(counter) ?? zero) }))
      .filter(({ packets }) => packets > 0),
  };
}
