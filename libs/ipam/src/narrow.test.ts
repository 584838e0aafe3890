/** What two sets of blocks share is the smaller of each nested pair, said once. */
import { describe, expect, it } from 'vitest';
import { formatCidr, parseCidr } from './cidr.ts';
import { narrowBlocks, withoutInner } from './narrow.ts';

const of = (...texts: string[]) => texts.map((text) => parseCidr(text));

describe('blocks', () => {
  it.each([
    [['10.64.1.0/24', 'fd64::/64'], ['10.64.0.0/12'], ['10.64.1.0/24']],
    [
      ['10.64.1.0/24', 'fd64::/64'],
      ['0.0.0.0/0', '::/0'],
      ['10.64.1.0/24', 'fd64::/64'],
    ],
    [['10.64.1.0/24'], ['10.64.1.128/25', '10.64.1.4/32'], ['10.64.1.128/25', '10.64.1.4/32']],
    [['10.64.1.0/24'], ['10.64.2.0/24'], []],
    [['10.64.1.0/24'], [], []],
    [['10.64.1.0/24'], ['10.64.1.0/25', '10.64.1.0/26'], ['10.64.1.0/25']],
  ])('%j narrowed to %j are %j', (blocks, wanted, shared) => {
    expect(narrowBlocks(of(...blocks), of(...wanted)).map(formatCidr)).toEqual(shared);
  });

  it('are said once', () => {
    expect(withoutInner(of('10.0.0.0/8', '10.64.0.0/12', '10.0.0.0/8', 'fd64::/48')).map(formatCidr)).toEqual([
      '10.0.0.0/8',
      'fd64::/48',
    ]);
  });
});
