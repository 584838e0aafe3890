/** The pools of a network: which subnets are cut, in which order, and what is refused. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCidr, parseCidr, sameCidr, type Cidr } from './cidr.ts';
import { parsePool } from './pool.ts';
import { SubnetPool } from './subnet-pool.ts';

const poolsOf = (texts: readonly string[], reserved: readonly string[] = []): SubnetPool =>
  new SubnetPool(
    texts.map((text) => parsePool(text)),
    reserved.map((text) => parseCidr(text)),
  );
const text = (subnet: Cidr | undefined): string | undefined => (subnet === undefined ? undefined : formatCidr(subnet));

describe('the pools of a network', () => {
  it('cut subnets in order, of each family from its own pool', () => {
    const pools = poolsOf(['10.64.0.0/12:24', 'fd64::/48:64']);
    expect(pools.families).toEqual([4, 6]);
    expect([text(pools.next(4)), text(pools.allocate(4)), text(pools.allocate(4))]).toEqual([
      '10.64.0.0/24',
      '10.64.0.0/24',
      '10.64.1.0/24',
    ]);
    expect([text(pools.allocate(6)), text(pools.next(6))]).toEqual(['fd64::/64', 'fd64:0:0:1::/64']);
  });

  it('go on to the next pool of the family when one is exhausted, and say when all are', () => {
    const pools = poolsOf(['10.64.0.0/23:24', '10.80.0.0/24:25']);
    expect([1, 2, 3, 4, 5].map(() => text(pools.allocate(4)))).toEqual([
      '10.64.0.0/24',
      '10.64.1.0/24',
      '10.80.0.0/25',
      '10.80.0.128/25',
      undefined,
    ]);
    expect(pools.next(4)).toBeUndefined();
    expect(pools.next(6)).toBeUndefined();
    expect(pools.families).toEqual([4]);
  });

  it('cut from one named pool when told to', () => {
    const pools = poolsOf(['10.64.0.0/23:24', '10.80.0.0/24:25']);
    expect(text(pools.allocateFrom(parseCidr('10.80.0.0/24')))).toBe('10.80.0.0/25');
    expect(pools.allocateFrom(parseCidr('10.80.0.0/25'))).toBeUndefined();
    pools.allocateFrom(parseCidr('10.80.0.0/24'));
    expect(pools.allocateFrom(parseCidr('10.80.0.0/24'))).toBeUndefined();
  });

  it('never cut what overlaps a reserved range, also one larger than the pool', () => {
    const pools = poolsOf(['10.64.0.0/22:24'], ['10.64.0.128/25', '10.64.2.0/24', '192.168.0.0/16']);
    expect([1, 2, 3].map(() => text(pools.allocate(4)))).toEqual(['10.64.1.0/24', '10.64.3.0/24', undefined]);
    expect(pools.counts(parseCidr('10.64.0.0/22'))).toEqual({ total: 4n, taken: 2, free: 0n });
    expect(poolsOf(['10.64.0.0/22:24'], ['10.0.0.0/8']).next(4)).toBeUndefined();
    expect(text(poolsOf(['10.64.0.0/22:24'], ['10.64.3.255/32']).next(4))).toBe('10.64.0.0/24');
  });

  it('give a freed subnet after every other free one', () => {
    const pools = poolsOf(['10.64.0.0/22:24']);
    const first = pools.allocate(4);
    pools.allocate(4);
    expect(first !== undefined && pools.release(first)).toBe(true);
    expect([1, 2, 3, 4].map(() => text(pools.allocate(4)))).toEqual([
      '10.64.2.0/24',
      '10.64.3.0/24',
      '10.64.0.0/24',
      undefined,
    ]);
  });

  it('take a very subnet, and say why not', () => {
    const pools = poolsOf(['10.64.0.0/22:24'], ['10.64.3.0/24']);
    const take = (cidr: string): string => pools.take(parseCidr(cidr)).kind;
    expect(pools.take(parseCidr('10.64.1.0/24'))).toEqual({ kind: 'given', subnet: parseCidr('10.64.1.0/24') });
    expect(['10.64.1.0/24', '10.64.3.0/24', '10.64.1.0/25', '10.65.0.0/24', 'fd64::/64'].map(take)).toEqual([
      'taken',
      'reserved',
      'foreign',
      'foreign',
      'foreign',
    ]);
    expect(pools.isTaken(parseCidr('10.64.1.0/24'))).toBe(true);
    expect(pools.isFree(parseCidr('10.64.1.0/24'))).toBe(false);
    expect(pools.isFree(parseCidr('10.64.0.0/24'))).toBe(true);
    expect(pools.isTaken(parseCidr('10.64.0.0/24'))).toBe(false);
    expect(pools.standingOf(parseCidr('10.64.0.0/24'))).toBe('free');
  });

  it('release only what was taken', () => {
    const pools = poolsOf(['10.64.0.0/22:24']);
    for (const cidr of ['10.64.0.0/24', '10.65.0.0/24', '10.64.0.0/25'])
      expect(pools.release(parseCidr(cidr))).toBe(false);
  });

  it('know the pool of a subnet and how full each is', () => {
    const pools = poolsOf(['10.64.0.0/12:24', 'fd64::/48:64']);
    expect(pools.poolOf(parseCidr('10.64.9.0/24'))).toEqual(parsePool('10.64.0.0/12:24'));
    expect(pools.poolOf(parseCidr('10.64.9.0/25'))).toBeUndefined();
    pools.allocate(6);
    expect(pools.counts(parseCidr('fd64::/48'))).toEqual({ total: 65_536n, taken: 1, free: 65_535n });
    expect(pools.counts(parseCidr('fd64::/47'))).toBeUndefined();
    expect(pools.pools).toEqual([parsePool('10.64.0.0/12:24'), parsePool('fd64::/48:64')]);
  });

  it('grow by a pool that overlaps none, and are as they were when it does', () => {
    const pools = poolsOf(['10.64.0.0/12:24']);
    expect(() => pools.grow(parsePool('10.72.0.0/13:24'))).toThrow('pool 10.72.0.0/13 overlaps pool 10.64.0.0/12');
    expect(pools.pools).toHaveLength(1);
    pools.grow(parsePool('10.80.0.0/12:26'));
    expect(text(pools.allocateFrom(parseCidr('10.80.0.0/12')))).toBe('10.80.0.0/26');
    expect(new SubnetPool([]).families).toEqual([]);
  });

  it('enumerate nothing: a /8 of /126 is as quick as a /23 of /24', () => {
    const pools = poolsOf(['2000::/8:126']);
    expect(pools.counts(parseCidr('2000::/8'))?.total).toBe(1n << 118n);
    expect(text(pools.allocate(6))).toBe('2000::/126');
  });

  it('never give a subnet to two, whatever the order of taking and freeing', () => {
    const action = fc.oneof(
      fc.record({ kind: fc.constant('allocate' as const), family: fc.constantFrom(4 as const, 6 as const) }),
      fc.record({ kind: fc.constantFrom('take' as const, 'release' as const), which: fc.nat(11) }),
    );
    const all = [
      ...[0, 1, 2, 3].map((n) => parseCidr(`10.64.${n}.0/24`)),
      ...[0, 1, 2, 3, 4, 5, 6, 7].map((n) => parseCidr(`fd64:0:0:${n}::/64`)),
    ];
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const pools = poolsOf(['10.64.0.0/22:24', 'fd64::/61:64']);
        const free = new Map<number, Cidr[]>([
          [4, all.slice(0, 4)],
          [6, all.slice(4)],
        ]);
        for (const one of actions) {
          if (one.kind === 'allocate') {
            expect(text(pools.allocate(one.family))).toBe(text(free.get(one.family)?.shift()));
            continue;
          }
          const subnet = all[one.which] ?? all[0];
          if (subnet === undefined) continue;
          const list = free.get(subnet.family) ?? [];
          const at = list.findIndex((other) => sameCidr(other, subnet));
          if (one.kind === 'take') {
            expect(pools.take(subnet).kind).toBe(at < 0 ? 'taken' : 'given');
            if (at >= 0) list.splice(at, 1);
          } else {
            expect(pools.release(subnet)).toBe(at < 0);
            if (at < 0) list.push(subnet);
          }
        }
      }),
      { numRuns: 300 },
    );
  });
});
