/** One subnet's addresses: what is never given, what is given first, and both families alike. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressPool } from './address-pool.ts';
import { formatAddress, parseAddress } from './address.ts';
import { containsAddress, parseCidr } from './cidr.ts';

const poolOf = (cidr: string): AddressPool => new AddressPool(parseCidr(cidr));
const given = (pool: AddressPool): string => {
  const answer = pool.allocate();
  return answer.kind === 'given' ? formatAddress(answer.address) : answer.kind;
};

describe('the addresses of a subnet', () => {
  it('leave out network, gateway and broadcast of IPv4, and anycast and gateway of IPv6', () => {
    const v4 = poolOf('10.64.0.0/29');
    expect([1, 2, 3, 4, 5, 6].map(() => given(v4))).toEqual([
      '10.64.0.2',
      '10.64.0.3',
      '10.64.0.4',
      '10.64.0.5',
      '10.64.0.6',
      'exhausted',
    ]);
    const v6 = poolOf('fd64::/126');
    expect([1, 2, 3].map(() => given(v6))).toEqual(['fd64::2', 'fd64::3', 'exhausted']);
  });

  it.each([
    ['10.64.0.0/30', 1n],
    ['10.64.0.0/24', 253n],
    ['fd64::/126', 2n],
    ['fd64::/64', (1n << 64n) - 2n],
  ])('of %s are %s', (cidr, count) => expect(poolOf(cidr).freeCount).toBe(count));

  it.each(['10.64.0.0/31', '10.64.0.0/32', 'fd64::/127', 'fd64::/128'])('of %s are none, and it is refused', (cidr) =>
    expect(() => poolOf(cidr)).toThrow(new RangeError(`subnet ${cidr} is too small to hold a gateway and an address`)),
  );

  it('are given when asked for by name, also right after they were freed', () => {
    const pool = poolOf('10.64.0.0/24');
    const wanted = parseAddress('10.64.0.77');
    expect(pool.request(wanted)).toEqual({ kind: 'given', address: wanted });
    expect(pool.isTaken(wanted)).toBe(true);
    expect(pool.request(wanted)).toEqual({ kind: 'taken', address: wanted });
    expect(pool.release(wanted)).toBe(true);
    expect(pool.release(wanted)).toBe(false);
    expect(pool.isTaken(wanted)).toBe(false);
    expect(pool.request(wanted).kind).toBe('given');
  });

  it.each([
    ['10.64.0.0', 'reserved'],
    ['10.64.0.1', 'reserved'],
    ['10.64.0.255', 'reserved'],
    ['10.64.1.2', 'outside'],
    ['fd64::2', 'outside'],
  ])('are not given for %s: %s', (text, kind) => {
    const pool = poolOf('10.64.0.0/24');
    expect(pool.request(parseAddress(text))).toEqual({ kind, address: parseAddress(text) });
    expect(pool.adopt(parseAddress(text))).toBe(false);
    expect(pool.release(parseAddress(text))).toBe(false);
    expect(pool.isTaken(parseAddress(text))).toBe(false);
    expect(pool.takenCount).toBe(0);
  });

  it('are adopted from whoever has them already, a repeat included', () => {
    const pool = poolOf('fd64::/64');
    expect([pool.adopt(parseAddress('fd64::2')), pool.adopt(parseAddress('fd64::2'))]).toEqual([true, true]);
    expect([pool.takenCount, given(pool)]).toEqual([1, 'fd64::3']);
  });

  it('come back after every other free one, oldest first', () => {
    const pool = poolOf('10.64.0.0/29');
    const all = [1, 2, 3, 4, 5].map(() => given(pool));
    for (const text of ['10.64.0.4', '10.64.0.2']) pool.release(parseAddress(text));
    expect([given(pool), given(pool), given(pool)]).toEqual(['10.64.0.4', '10.64.0.2', 'exhausted']);
    expect(all).toHaveLength(5);
  });

  it('are shown with their gateway', () => {
    const pool = poolOf('10.64.0.0/24');
    given(pool);
    expect(pool.toString()).toBe('10.64.0.0/24, 1 taken, gateway 10.64.0.1');
    expect(formatAddress(poolOf('fd64:0:0:5::/64').gateway)).toBe('fd64:0:0:5::1');
  });

  it('are each given to one only, whatever the order of asking and freeing', () => {
    const subnet = fc.constantFrom('10.64.0.0/28', 'fd64::/124');
    fc.assert(
      fc.property(subnet, fc.array(fc.option(fc.nat(15)), { maxLength: 80 }), (cidr, steps) => {
        const pool = poolOf(cidr);
        const held: string[] = [];
        for (const free of steps) {
          if (free === null) {
            const answer = pool.allocate();
            if (answer.kind !== 'given') {
              expect(pool.freeCount).toBe(0n);
              continue;
            }
            expect(containsAddress(pool.subnet, answer.address)).toBe(true);
            expect(held).not.toContain(formatAddress(answer.address));
            held.push(formatAddress(answer.address));
          } else if (held.length > 0) {
            const [text = ''] = held.splice(free % held.length, 1);
            expect(pool.release(parseAddress(text))).toBe(true);
          }
          expect(pool.takenCount).toBe(held.length);
        }
      }),
    );
  });
});
