/** What two sets of blocks have in common. */
import { containsCidr, formatCidr, type Cidr } from './cidr.ts';

/** The blocks of addresses that lie in one of each; blocks of which none lies in another, in the order of their texts. */
export function narrowBlocks(blocks: readonly Cidr[], wanted: readonly Cidr[]): Cidr[] {
  // Two blocks that share an address are nested: what they share is the smaller.
  const shared = blocks.flatMap((block) =>
    wanted.flatMap((other) => (containsCidr(block, other) ? [other] : containsCidr(other, block) ? [block] : [])),
  );
  return withoutInner(shared);
}

/** The same addresses, without a block that lies in another, in the order of their texts. */
export function withoutInner(blocks: readonly Cidr[]): Cidr[] {
  const single = new Map(blocks.map((block) => [formatCidr(block), block]));
  const outer = [...single].filter(
    ([text, block]) => ![...single].some(([other, around]) => other !== text && containsCidr(around, block)),
  );
  return outer.sort(([one], [other]) => (one < other ? -1 : 1)).map(([, block]) => block);
}
