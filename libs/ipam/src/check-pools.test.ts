/** Address plans that cannot be: each is refused with the number that is wrong and what to write instead. */
import { describe, expect, it } from 'vitest';
import { parseAddress } from './address.ts';
import { checkMtu, checkNetwork, checkPool, checkPools } from './check-pools.ts';
import { parseCidr } from './cidr.ts';
import { formatPool, isCutFrom, parsePool, poolHolding } from './pool.ts';

const refusal = (check: () => void): unknown => {
  try {
    check();
  } catch (error) {
    return error;
  }
  return undefined;
};

describe('a pool', () => {
  it.each(['10.64.0.0/12:24', 'fd64::/48:64', '10.64.0.0/29:30', 'fd64::/125:126'])('%s is read and fine', (text) => {
    expect(formatPool(parsePool(text))).toBe(text);
    expect(refusal(() => checkPool(parsePool(text)))).toBeUndefined();
  });

  it.each(['10.64.0.0/12', '10.64.0.1/12:24', '10.64.0.0/12:024', '10.64.0.0/12:1024', 'x:24', ' 10.64.0.0/12:24'])(
    '"%s" cannot be read',
    (text) =>
      expect(() => parsePool(text, '--pool')).toThrow(
        expect.objectContaining({
          code: 'request.invalid',
          field: '--pool',
          message: `--pool "${text}" is not a pool`,
          remedy:
            'write a network with its host bits zero and the length of its subnets, like 10.64.0.0/12:24 or fd64::/48:64',
        }),
      ),
  );

  it.each([
    ['10.64.0.0/12:31', 'a subnet of length 31 has no address to give', 'choose a subnet length of at most 30'],
    ['fd64::/48:127', 'a subnet of length 127 has no address to give', 'choose a subnet length of at most 126'],
    [
      '10.64.0.0/24:24',
      'a subnet of length 24 is no part of a /24',
      'choose a subnet length from 25 to 30, or a larger pool',
    ],
    [
      'fd64::/64:48',
      'a subnet of length 48 is no part of a /64',
      'choose a subnet length from 65 to 126, or a larger pool',
    ],
    ['127.0.0.0/8:24', 'the range is not for containers: loopback 127.0.0.0/8', 'choose a private or global range'],
  ])('%s is refused: %s', (text, why, remedy) => {
    const error = refusal(() => checkPool(parsePool(text), 'pools'));
    expect(error).toMatchObject({ code: 'request.invalid', field: 'pools', message: `pools ${text}: ${why}`, remedy });
    expect(refusal(() => checkPool(parsePool(text)))).toMatchObject({ field: 'pool' });
  });

  it('of a length that is no number is refused', () => {
    expect(refusal(() => checkPool({ cidr: parseCidr('10.64.0.0/12'), prefixLength: 24.5 }))).toMatchObject({
      code: 'request.invalid',
    });
  });

  it('holds the subnets of its length, and the addresses in its range', () => {
    const pool = parsePool('10.64.0.0/12:24');
    expect(isCutFrom(pool, parseCidr('10.64.3.0/24'))).toBe(true);
    expect(isCutFrom(pool, parseCidr('10.64.3.0/25'))).toBe(false);
    expect(isCutFrom(pool, parseCidr('10.80.0.0/24'))).toBe(false);
    expect(poolHolding([parsePool('fd64::/48:64'), pool], parseAddress('10.64.0.9'))).toBe(pool);
    expect(poolHolding([pool], parseAddress('192.0.2.1'))).toBeUndefined();
  });
});

describe('the pools of a network', () => {
  const pools = (...texts: string[]) => texts.map((text) => parsePool(text));

  it('may be of any number and family as long as they share no address', () => {
    expect(refusal(() => checkPools(pools('10.64.0.0/12:24', 'fd64::/48:64', '10.80.0.0/12:24')))).toBeUndefined();
    expect(refusal(() => checkPools([], pools('10.64.0.0/12:24')))).toBeUndefined();
  });

  it('cannot be none', () => {
    expect(refusal(() => checkPools([], [], '--pool'))).toMatchObject({
      code: 'request.invalid',
      field: '--pool',
      message: '--pool: a network needs a pool',
      remedy: 'name at least one, like 10.64.0.0/12:24',
    });
    expect(refusal(() => checkPools([]))).toMatchObject({ field: 'pool' });
  });

  it.each([
    [['10.64.0.0/12:24', '10.72.0.0/13:25'], [], 'pool 10.72.0.0/13 overlaps pool 10.64.0.0/12'],
    [['10.0.0.0/8:24'], ['fd64::/48:64', '10.64.0.0/12:24'], 'pool 10.0.0.0/8 overlaps pool 10.64.0.0/12'],
    [['10.64.0.0/12:24', '10.64.0.0/12:24'], [], 'pool 10.64.0.0/12 overlaps pool 10.64.0.0/12'],
  ])('%s beside %s are refused, naming both', (given, existing, message) => {
    expect(refusal(() => checkPools(pools(...given), pools(...existing), 'pools'))).toMatchObject({
      code: 'pool.overlap',
      field: 'pools',
      message,
      remedy: 'choose a range that shares no address with the pools that exist',
    });
  });

  it('are each looked at by themselves too', () => {
    expect(refusal(() => checkPools(pools('10.64.0.0/12:24', '224.0.0.0/8:24')))).toMatchObject({
      code: 'request.invalid',
      field: 'pool',
    });
  });
});

describe('an MTU', () => {
  const v4 = [parsePool('10.64.0.0/12:24')];
  const both = [...v4, parsePool('fd64::/48:64')];

  it.each([
    [576, v4],
    [65_535, v4],
    [1_280, both],
  ])('of %s bytes works', (mtu, pools) => expect(refusal(() => checkMtu(mtu, pools))).toBeUndefined());

  it.each([
    [575, v4, 'with IPv4 pools', 576],
    [65_536, v4, 'with IPv4 pools', 576],
    [1_279, both, 'with an IPv6 pool', 1_280],
    [1_420.5, both, 'with an IPv6 pool', 1_280],
  ])('of %s bytes does not work', (mtu, pools, why, smallest) => {
    expect(refusal(() => checkMtu(mtu, pools, '--mtu'))).toMatchObject({
      code: 'request.invalid',
      field: '--mtu',
      message: `--mtu ${mtu} does not work ${why}`,
      remedy: `choose a whole number of bytes from ${smallest} to 65535`,
    });
  });

  it('is checked with the pools of a network', () => {
    expect(refusal(() => checkNetwork({ pools: both, mtu: 1_420 }))).toBeUndefined();
    expect(refusal(() => checkNetwork({ pools: both, mtu: 1_000 }))).toMatchObject({ field: 'mtu' });
    expect(refusal(() => checkNetwork({ pools: [], mtu: 1_420 }))).toMatchObject({ field: 'pool' });
  });
});
