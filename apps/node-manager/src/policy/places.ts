/** PURE: the places that one side of a rule names, as a match of nft and the set that it needs. */
import { type Family, tryParseCidr } from '@wgcni/ipam';
import type { NftSet } from '@wgcni/iproute';
import { blocksOf, type End, endOf } from './address-match.ts';
import type { Policy } from './policy.ts';

/** `match` is '' where everybody is meant. */
export interface Places {
  match: string;
  sets: NftSet[];
}

export interface PlacesInput {
  policy: Policy;
  family: Family;
  end: End;
  /** Blocks, `containers`, `clients`, `any`; another word names nobody here. */
  places: readonly string[];
  /** Of the set, where one is needed. */
  name: string;
}

/** Undefined when they name nobody of this family. */
export function planPlaces({ policy, family, end, places, name }: PlacesInput): Places | undefined {
  if (places.includes('any')) return { match: '', sets: [] };
  const what = endOf(end, family);
  const word = places.length === 1 ? places[0] : undefined;
  if (word === 'containers' || word === 'clients') return { match: `${what} @${word}${family}`, sets: [] };
  const elements = blocksOf(
    places.flatMap((place) => {
      if (place === 'containers') return policy.pools.map(({ cidr }) => cidr);
      return place === 'clients' ? policy.clientPools : (tryParseCidr(place) ?? []);
    }),
    family,
  );
  const [only] = elements;
  if (only === undefined) return undefined;
  if (elements.length === 1) return { match: `${what} ${only}`, sets: [] };
  return { match: `${what} @${name}`, sets: [{ name, family, elements }] };
}
