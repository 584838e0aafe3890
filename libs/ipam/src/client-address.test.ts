/** A client's address is found by its key; what a client that is gone has left is given last. */
import { describe, expect, it } from 'vitest';
import { formatAddress, type Address } from './address.ts';
import { parseCidr } from './cidr.ts';
import { chooseClientAddress } from './client-address.ts';

const nobody = (_: Address): boolean => false;
const among =
  (...texts: string[]) =>
  (address: Address): boolean =>
    texts.includes(formatAddress(address));

function chosen(pool: string, seed: bigint, isTaken = nobody, isResting = nobody): string | undefined {
  const address = chooseClientAddress({ pool: parseCidr(pool), seed, isTaken, isResting });
  return address === undefined ? undefined : formatAddress(address);
}

describe('the address of a client', () => {
  it.each([
    ['10.66.0.0/24', 0n, '10.66.0.1'],
    ['10.66.0.0/24', 253n, '10.66.0.254'],
    ['10.66.0.0/24', 254n, '10.66.0.1'],
    ['10.66.0.0/24', 2n ** 64n - 1n, '10.66.0.2'],
    ['fd66::/64', 0n, 'fd66::1'],
    ['fd66::/64', 2n ** 64n - 2n, 'fd66::ffff:ffff:ffff:ffff'],
    ['fd66::/126', 2n, 'fd66::3'],
  ])('in %s by the seed %d is %s: never the network or the broadcast address', (pool, seed, address) => {
    expect(chosen(pool, seed)).toBe(address);
  });

  it('is the next one when another client has it, around the end of the pool', () => {
    expect(chosen('10.66.0.0/29', 4n, among('10.66.0.5', '10.66.0.6'))).toBe('10.66.0.1');
  });

  it('is not what a client has left lately, while there is another', () => {
    const resting = among('10.66.0.1', '10.66.0.2');
    expect(chosen('10.66.0.0/29', 0n, among('10.66.0.3'), resting)).toBe('10.66.0.4');
    expect(chosen('10.66.0.0/29', 1n, among('10.66.0.3', '10.66.0.4', '10.66.0.5', '10.66.0.6'), resting)).toBe(
      '10.66.0.2',
    );
  });

  it('is none when all are taken', () => {
    expect(chosen('10.66.0.0/30', 7n, among('10.66.0.1', '10.66.0.2'))).toBeUndefined();
  });
});
