/** Blocks of addresses: text, bounds, nesting, and the ranges that no pool may touch. */
import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import {
  cidrOf,
  containsAddress,
  containsCidr,
  formatCidr,
  gatewayOf,
  lastOf,
  overlaps,
  parseCidr,
  sameCidr,
  sizeOf,
  tryParseCidr,
} from './cidr.ts';
import { findOverlap } from './find-overlap.ts';
import { mergeRanges, rangeOf, rangesSize } from './ranges.ts';
import { specialRangeOf } from './special-ranges.ts';

describe('a block', () => {
  it.each(['0.0.0.0/0', '10.64.0.0/12', '10.64.0.9/32', '::/0', 'fd64::/48', 'fd64::9/128'])(
    '%s is read and printed as itself',
    (text) => expect(formatCidr(parseCidr(text))).toBe(text),
  );

  it.each([
    '10.64.0.1/24',
    '10.64.0.0/33',
    'fd64::/129',
    'fd64::1/64',
    '10.64.0.0',
    '10.64.0.0/012',
    '10.64.0.0/',
    '/8',
    'x/8',
    '10.64.0.0/8 ',
  ])('"%s" is refused', (text) => expect(tryParseCidr(text)).toBeUndefined());

  it('that cannot be read is named with its field and what to write instead', () => {
    expect(() => parseCidr('10.64.0.1/24', 'held')).toThrow(
      expect.objectContaining({
        code: 'request.invalid',
        field: 'held',
        message: 'held "10.64.0.1/24" is not a CIDR block with its host bits zero',
        remedy: 'write the network address and prefix length, like 10.64.0.0/12 or fd64::/48',
      }),
    );
    expect(() => parseCidr('x')).toThrow('cidr "x"');
  });

  it('holds its first and last address and none beside', () => {
    for (const [text, before, last, after] of [
      ['10.64.1.0/24', '10.64.0.255', '10.64.1.255', '10.64.2.0'],
      ['fd64:0:0:1::/64', 'fd64::ffff:ffff:ffff:ffff', 'fd64::1:ffff:ffff:ffff:ffff', 'fd64:0:0:2::'],
    ] as const) {
      const cidr = parseCidr(text);
      expect(lastOf(cidr)).toBe(parseAddress(last).value);
      expect(containsAddress(cidr, { family: cidr.family, value: cidr.base })).toBe(true);
      expect(containsAddress(cidr, parseAddress(last))).toBe(true);
      expect(containsAddress(cidr, parseAddress(before))).toBe(false);
      expect(containsAddress(cidr, parseAddress(after))).toBe(false);
    }
    expect(containsAddress(parseCidr('0.0.0.0/0'), { family: 6, value: 1n })).toBe(false);
  });

  it('knows its size, its gateway and the block of an address', () => {
    expect([sizeOf(parseCidr('10.64.0.0/24')), sizeOf(parseCidr('fd64::/64'))]).toEqual([256n, 1n << 64n]);
    expect(gatewayOf(parseCidr('10.64.3.0/24'))).toEqual(parseAddress('10.64.3.1'));
    expect(formatCidr(cidrOf(parseAddress('10.64.3.77'), 26))).toBe('10.64.3.64/26');
    expect(formatCidr(cidrOf(parseAddress('fd64::1:2:3:4'), 64))).toBe('fd64::/64');
  });

  it.each([
    ['10.64.0.0/12', '10.64.0.0/12', true, true],
    ['10.64.0.0/12', '10.79.255.0/24', true, true],
    ['10.64.0.0/12', '10.80.0.0/24', false, false],
    ['10.64.1.0/24', '10.64.0.0/12', false, true],
    ['10.64.1.0/24', '10.64.0.0/24', false, false],
    ['0.0.0.0/0', '::/0', false, false],
    ['::/0', 'fd64::/64', true, true],
  ])('%s contains %s: %s; shares an address with it: %s', (one, other, contains, shares) => {
    expect(containsCidr(parseCidr(one), parseCidr(other))).toBe(contains);
    expect(overlaps(parseCidr(one), parseCidr(other))).toBe(shares);
    expect(overlaps(parseCidr(other), parseCidr(one))).toBe(shares);
  });

  it('is the same only with family, address and length', () => {
    const cidr = parseCidr('10.64.0.0/24');
    expect(sameCidr(cidr, { ...cidr })).toBe(true);
    for (const other of [parseCidr('10.64.0.0/25'), parseCidr('10.64.1.0/24'), { ...cidr, family: 6 as const }])
      expect(sameCidr(cidr, other)).toBe(false);
  });

  it('names the first of others that it overlaps', () => {
    const others = ['10.0.0.0/24', '10.64.1.0/24', '10.64.0.0/16'].map((text) => parseCidr(text));
    expect(findOverlap(parseCidr('10.64.0.0/12'), others)).toBe(others[1]);
    expect(findOverlap(parseCidr('fd64::/64'), others)).toBeUndefined();
  });
});

describe('ranges', () => {
  it('are merged where they touch the same number, in order', () => {
    const merged = mergeRanges([
      { first: 8n, last: 9n },
      { first: 0n, last: 3n },
      { first: 3n, last: 5n },
      { first: 1n, last: 2n },
    ]);
    expect(merged).toEqual([
      { first: 0n, last: 5n },
      { first: 8n, last: 9n },
    ]);
    expect(rangesSize(merged)).toBe(8n);
    expect(rangesSize([])).toBe(0n);
  });

  it('say which of them holds a number, bounds included', () => {
    const ranges = [
      { first: 2n, last: 3n },
      { first: 6n, last: 6n },
    ];
    expect([1n, 2n, 3n, 4n, 6n, 7n].map((value) => rangeOf(ranges, value))).toEqual([
      undefined,
      ranges[0],
      ranges[0],
      undefined,
      ranges[1],
      undefined,
    ]);
  });
});

describe('a range with a meaning of its own', () => {
  it.each([
    ['0.0.0.0/8', 'this network 0.0.0.0/8'],
    ['127.0.0.0/24', 'loopback 127.0.0.0/8'],
    ['169.254.0.0/24', 'link-local 169.254.0.0/16'],
    ['239.0.0.0/24', 'multicast 224.0.0.0/4'],
    ['255.255.255.255/32', 'limited broadcast 255.255.255.255/32'],
    ['::/64', 'unspecified and loopback ::/127'],
    ['fe80::/64', 'link-local fe80::/10'],
    ['ff02::/16', 'multicast ff00::/8'],
    ['0.0.0.0/0', 'this network 0.0.0.0/8'],
  ])('is found for %s', (text, meaning) => expect(specialRangeOf(parseCidr(text))).toBe(meaning));

  it.each(['10.64.0.0/12', 'fd64::/48', '100.64.0.0/10', '203.0.113.0/24', '2001:db8::/32'])('is not %s', (text) =>
    expect(specialRangeOf(parseCidr(text))).toBeUndefined(),
  );
});
