/** One table of nftables in memory, with what others do to it. */
import { CatalogueError } from '@wgcni/base';
import { coalesced } from '../coalesced.ts';
import type { NftContent, NftCount, NftCounts, NftTable } from '../port.ts';

const coalesceMs = 5;

export class MemoryNftTable implements NftTable {
  /** What stands in the kernel; undefined without the table. */
  content: NftContent | undefined;
  readonly #counts = new Map<string, NftCount>();
  readonly #watchers = new Set<() => void>();

  /** Packets pass a rule that counts them. */
  count(counter: string, { packets, bytes }: NftCount): void {
    const before = this.#counts.get(counter);
    if (before !== undefined)
      this.#counts.set(counter, { packets: before.packets + packets, bytes: before.bytes + bytes });
  }

  /** Someone else deletes every table. */
  flush(): void {
    this.content = undefined;
    this.#counts.clear();
    this.#announce();
  }

  /** Someone else writes into our table: the rules of a chain, or the elements of a set. */
  edit(to: { chain: string; rules: readonly string[] } | { set: string; elements: readonly string[] }): void {
    if (this.content === undefined) return;
    const { chains, sets } = this.content;
    this.content = {
      ...this.content,
      chains: chains.map((one) => ('chain' in to && to.chain === one.name ? { ...one, rules: to.rules } : one)),
      sets: sets.map((one) => ('set' in to && to.set === one.name ? { ...one, elements: to.elements } : one)),
    };
    this.#announce();
  }

  async ensure(content: NftContent): Promise<{ didChange: boolean; counts: NftCounts }> {
    refuseUnknown(content);
    const didChange = JSON.stringify(content) !== JSON.stringify(this.content);
    this.content = structuredClone(content);
    const kept = content.counters.map((name) => [name, this.#counts.get(name) ?? { packets: 0, bytes: 0 }] as const);
    this.#counts.clear();
    for (const [name, count] of kept) this.#counts.set(name, count);
    if (didChange) this.#announce();
    return { didChange, counts: new Map(this.#counts) };
  }

  async counts(): Promise<NftCounts> {
    return new Map(this.#counts);
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    return coalesced(
      (ring) => {
        this.#watchers.add(ring);
        return () => this.#watchers.delete(ring);
      },
      coalesceMs,
      signal,
    );
  }

  async verify(): Promise<void> {}

  async remove(): Promise<void> {
    this.flush();
  }

  #announce(): void {
    for (const ring of this.#watchers) ring();
  }
}

/** As the kernel does: a rule names a set, a counter or a chain that is there. */
function refuseUnknown({ sets, counters, chains }: NftContent): void {
  const known = {
    set: new Set(sets.map(({ name }) => name)),
    counter: new Set(counters),
    chain: new Set(chains.map(({ name }) => name)),
  };
  for (const rule of chains.flatMap(({ rules }) => rules)) {
    for (const [kind, name] of namesIn(rule)) {
      if (!known[kind].has(name))
        throw new CatalogueError('kernel.refused', `nft failed: no ${kind} ${name} in "${rule}"`);
    }
  }
}

function namesIn(rule: string): ['set' | 'counter' | 'chain', string][] {
  const found = rule.matchAll(/@(?<set>\S+)|counter name (?<counter>\S+)|(?:jump|goto) (?<chain>\S+)/g);
  return [...found].flatMap(({ groups = {} }) =>
    (['set', 'counter', 'chain'] as const).flatMap((kind): ['set' | 'counter' | 'chain', string][] => {
      const name = groups[kind];
      return name === undefined ? [] : [[kind, name]];
    }),
  );
}
