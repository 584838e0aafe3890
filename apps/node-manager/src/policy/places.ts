/** PURE: the places that one side of a rule names, as a match of nft; blocks in number stand in a set, which rules that name the same share. */
import { type Family, tryParseCidr } from '@wgcni/ipam';
import type { NftSet } from '@wgcni/iproute';
import { blocksOf } from './address-match.ts';
import type { Policy } from './policy.ts';

export class Places {
  readonly #policy: Policy;
  readonly #family: Family;
  readonly #sets = new Map<string, NftSet>();
  /** By what a rule names: it is asked for once for each chain. */
  readonly #known = new Map<readonly string[], string[]>();

  constructor(policy: Policy, family: Family) {
    this.#policy = policy;
    this.#family = family;
  }

  /** What the matches so far name. */
  get sets(): NftSet[] {
    return [...this.#sets.values()];
  }

  /** Of an address in nft's words: '' for everybody, undefined where nobody of this family is named; `node` and `nodes` name nobody here. */
  match(what: string, places: readonly string[]): string | undefined {
    if (places.includes('any')) return '';
    const [first] = places;
    if (places.length === 1 && (first === 'containers' || first === 'clients'))
      return `${what} @${first}${this.#family}`;
    const blocks = this.#blocks(places);
    const [only] = blocks;
    if (only === undefined) return undefined;
    return blocks.length === 1 ? `${what} ${only}` : `${what} @${this.#setOf(blocks)}`;
  }

  #blocks(places: readonly string[]): string[] {
    const known = this.#known.get(places) ?? this.#blocksNamed(places);
    this.#known.set(places, known);
    return known;
  }

  #blocksNamed(places: readonly string[]): string[] {
    const { pools, clientPools } = this.#policy;
    const cidrs = places.flatMap((place) => {
      if (place === 'containers') return pools.map(({ cidr }) => cidr);
      return place === 'clients' ? clientPools : (tryParseCidr(place) ?? []);
    });
    return blocksOf(cidrs, this.#family);
  }

  #setOf(elements: string[]): string {
    const key = elements.join();
    const set = this.#sets.get(key) ?? {
      name: `places${this.#family}-${this.#sets.size + 1}`,
      family: this.#family,
      elements,
    };
    this.#sets.set(key, set);
    return set.name;
  }
}
