/** Addresses of the held subnets: one of each family, all or none. */
import { parseCidr } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { AddressLedger } from './address-ledger.ts';

const cidrs = (...texts: string[]) => texts.map((text) => parseCidr(text));
const ledgerOf = (...texts: string[]) => {
  const ledger = new AddressLedger();
  ledger.hold(cidrs(...texts), []);
  return ledger;
};

describe('the address ledger', () => {
  it('takes the second subnet of a family when the first is full', () => {
    const ledger = ledgerOf('10.0.0.0/30', '10.0.1.0/30');
    expect([ledger.take([]), ledger.take([])].flat()).toEqual([
      { address: '10.0.0.2', gateway: '10.0.0.1' },
      { address: '10.0.1.2', gateway: '10.0.1.1' },
    ]);
    expect(() => ledger.take([])).toThrow(/every address of 10\.0\.0\.0\/30, 10\.0\.1\.0\/30 is taken/);
  });

  it('takes nothing of one family when the other has nothing left', () => {
    const ledger = ledgerOf('fd00::/64', '10.0.0.0/30');
    ledger.take([]);
    expect(() => ledger.take([])).toThrow(/10\.0\.0\.0\/30/);
    expect(ledger.use()).toEqual([
      { subnet: 'fd00::/64', taken: 1, free: '18446744073709551613' },
      { subnet: '10.0.0.0/30', taken: 1, free: '0' },
    ]);
  });

  it('answers IPv4 first, whatever the order of subnets and wishes', () => {
    const ledger = ledgerOf('fd00::/64', '10.0.0.0/24');
    expect(ledger.take(['fd00::9']).map(({ address }) => address)).toEqual(['10.0.0.2', 'fd00::9']);
  });

  it('knows after a change of subnets what is taken in each', () => {
    const ledger = ledgerOf('10.0.0.0/29');
    const given = ledger.take([]);
    ledger.hold(cidrs('10.0.1.0/29'), given);
    expect(ledger.isHeld('10.0.0.2')).toBe(false);
    ledger.hold(cidrs('10.0.0.0/29', '10.0.1.0/29'), given);
    expect(ledger.take([]).map(({ address }) => address)).toEqual(['10.0.0.3']);
  });

  it('refuses while it holds nothing', () => {
    expect(() => new AddressLedger().take([])).toThrow(/holds no subnet/);
  });

  it('frees what it never gave without harm', () => {
    const ledger = ledgerOf('10.0.0.0/29');
    ledger.free(['10.0.0.3', '192.0.2.1', 'rubbish']);
    expect(ledger.use()).toMatchObject([{ taken: 0, free: '5' }]);
  });
});
