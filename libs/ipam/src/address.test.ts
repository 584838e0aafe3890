/** Addresses between text and number: one canonical text each, and nothing that could be read two ways. */
import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress, tryParseAddress, widthOf } from './address.ts';

describe('an address', () => {
  it.each([
    ['0.0.0.0', { family: 4, value: 0n }],
    ['10.64.0.9', { family: 4, value: 0x0a400009n }],
    ['255.255.255.255', { family: 4, value: 0xffffffffn }],
    ['::', { family: 6, value: 0n }],
    ['fd64::9', { family: 6, value: (0xfd64n << 112n) | 9n }],
    ['2001:db8:0:1::1', { family: 6, value: 0x20010db8000000010000000000000001n }],
  ] as const)('%s is read and printed as itself', (text, address) => {
    expect(tryParseAddress(text)).toEqual(address);
    expect(formatAddress(address)).toBe(text);
  });

  it.each([
    ['FD64:0:0:0::9', 'fd64::9'],
    ['2001:db8::0:1:0:0:1', '2001:db8::1:0:0:1'],
  ])('%s is printed in its canonical form', (text, canonical) => {
    expect(formatAddress(parseAddress(text))).toBe(canonical);
  });

  it.each(['', '10.64', '010.1.1.1', '0x0a.1.1.1', '10.64.0.256', 'fe80::1%eth0', '::ffff:10.0.0.1', 'x', '1::2::3'])(
    '"%s" is refused',
    (text) => expect(tryParseAddress(text)).toBeUndefined(),
  );

  it('that cannot be read is named with its field and what to write instead', () => {
    expect(() => parseAddress('10.64', 'ips')).toThrow(
      expect.objectContaining({
        code: 'request.invalid',
        field: 'ips',
        message: 'ips "10.64" is not an IP address',
        remedy: 'write it like 10.64.0.9 or fd64::9, without a prefix length',
      }),
    );
    expect(() => parseAddress('x')).toThrow('address "x" is not an IP address');
  });

  it('has 32 or 128 bits', () => {
    expect([widthOf(4), widthOf(6)]).toEqual([32, 128]);
  });
});
