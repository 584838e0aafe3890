/** The index finds what a look at each block would find. */
import { type Address, type Cidr, cidrOf, containsAddress, formatCidr, overlaps } from '@wgcni/ipam';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BlockIndex } from './block-index.ts';

/** Few bits are drawn, so that blocks nest and touch. */
const address = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.integer({ min: 0, max: 255 }))
  .map(([family, low]): Address => ({ family, value: (family === 4 ? 10n << 24n : 0xfdn << 120n) + BigInt(low) }));
const block = fc
  .tuple(address, fc.integer({ min: 0, max: 9 }))
  .map(([at, bits]): Cidr => cidrOf(at, (at.family === 4 ? 32 : 128) - bits));
const blocks = fc.array(block, { maxLength: 12 });

it('finds the blocks around an address, the widest first', () => {
  fc.assert(
    fc.property(blocks, address, (all, at) => {
      const naive = new Map(all.filter((each) => containsAddress(each, at)).map((each) => [formatCidr(each), each]));
      const wanted = [...naive.values()].sort((one, other) => one.length - other.length).map(formatCidr);
      expect(new BlockIndex(all).around(at).map(formatCidr)).toEqual(wanted);
    }),
  );
});

it('knows whether a block shares an address with one of them', () => {
  fc.assert(
    fc.property(blocks, block, (all, other) => {
      expect(new BlockIndex(all).overlaps(other)).toBe(all.some((each) => overlaps(each, other)));
    }),
  );
});
