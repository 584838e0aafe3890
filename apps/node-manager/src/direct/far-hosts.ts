/** PURE: how often other nodes' containers were tried in vain, by the underlay address of their node: one that nobody answers from answers a new pair no sooner. */
import { type FarPair, isSettled } from './plan-far.ts';

/** The underlay's address of a far container, without its port. */
export function hostOf({ peer }: Pick<FarPair, 'peer'>): string {
  return peer.endpoint.replace(/:\d+$/, '');
}

/**
 * How often a new pair counts as tried: not at all where its host is one with which a pair is settled; as often as any pair of its host; and as any pair at all
 * where none is settled with any host, for then the way out is barred here.
 */
export function triesByHost(pairs: readonly FarPair[]): (pair: Pick<FarPair, 'peer'>) => number {
  const settled = new Set<string>();
  const tries = new Map<string, number>();
  for (const pair of pairs) {
    const host = hostOf(pair);
    if (isSettled(pair)) settled.add(host);
    tries.set(host, Math.max(tries.get(host) ?? 0, pair.memory?.tries ?? 0));
  }
  const ofAll = settled.size > 0 ? 0 : [...tries.values()].reduce((most, one) => Math.max(most, one), 0);
  return (pair) => {
    const host = hostOf(pair);
    return settled.has(host) ? 0 : Math.max(ofAll, tries.get(host) ?? 0);
  };
}
