/** PURE: whether a table that was just read is the one that was written, and nothing of somebody else's came between. */
import type { NftContent } from '../port.ts';

/** The counts of what is listed by `nft -j`, under the names of chains and sets. */
export interface ListedCounts {
  /** Rules by chain, with the hook where packets come in. */
  chains: ReadonlyMap<string, { hook: string | undefined; policy: string | undefined; rules: number }>;
  /** Elements by set. */
  sets: ReadonlyMap<string, number>;
  counters: readonly string[];
  /** Whether the whole table is switched off, or has another flag. */
  hasFlags: boolean;
}

/** What differs, in words; undefined when names and numbers are as planned. nft writes rules in words of its own: their text is not compared. */
export function unlikePlan({ chains, sets, counters }: NftContent, listed: ListedCounts): string | undefined {
  if (listed.hasFlags) return 'the table has flags';
  const names = { chain: chains, set: sets, counter: counters.map((name) => ({ name })) };
  const found = { chain: [...listed.chains.keys()], set: [...listed.sets.keys()], counter: listed.counters };
  for (const kind of ['chain', 'set', 'counter'] as const) {
    const planned = new Set(names[kind].map(({ name }) => name));
    const foreign = found[kind].find((name) => !planned.has(name));
    if (foreign !== undefined) return `${kind} ${foreign} is not ours`;
    if (found[kind].length !== planned.size) return `a ${kind} is missing`;
  }
  for (const { name, hook, rules } of chains) {
    const chain = listed.chains.get(name);
    if (chain?.hook !== hook || (hook !== undefined && chain?.policy !== 'accept')) return `chain ${name} is another`;
    if (chain?.rules !== rules.length) return `chain ${name} has ${chain?.rules} rules, not ${rules.length}`;
  }
  const set = sets.find(({ name, elements }) => listed.sets.get(name) !== elements.length);
  return set === undefined ? undefined : `set ${set.name} has ${listed.sets.get(set.name)} elements`;
}
