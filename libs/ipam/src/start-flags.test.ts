/** Start flags against a stored network: what is left out is fine, what differs is named. */
import { describe, expect, it } from 'vitest';
import { parsePool } from './pool.ts';
import { isContained, type StoredPlan } from './start-flags.ts';

const stored: StoredPlan = {
  pools: [parsePool('10.64.0.0/12:24'), parsePool('fd64::/48:64')],
  mtu: 1_420,
  keepaliveSec: 25,
  registrationTtlSec: 30,
  holdDownSec: 86_400,
  clientPools: ['10.200.0.0/16', 'fd65::/64'],
};

describe('start flags', () => {
  it.each([
    ['none', {}],
    ['all as they are stored', stored],
    ['one pool of those that the network has grown to', { pools: [parsePool('fd64::/48:64')] }],
    ['one client pool', { clientPools: ['fd65::/64'] }],
    ['one value', { holdDownSec: 86_400 }],
  ])('are contained: %s', (_what, flags) => expect(isContained(flags, stored)).toEqual({ kind: 'contained' }));

  it('that differ are each named, with what is stored', () => {
    const flags = {
      pools: [parsePool('10.64.0.0/12:25'), parsePool('10.96.0.0/12:24'), parsePool('fd64::/48:64')],
      clientPools: ['10.201.0.0/16', 'fd65::/64'],
      mtu: 1_400,
      keepaliveSec: 0,
      registrationTtlSec: 31,
      holdDownSec: 60,
    };
    const pools = '10.64.0.0/12:24, fd64::/48:64';
    expect(isContained(flags, stored)).toEqual({
      kind: 'differs',
      differences: [
        { flag: '--pool', given: '10.64.0.0/12:25', stored: pools },
        { flag: '--pool', given: '10.96.0.0/12:24', stored: pools },
        { flag: '--client-pool', given: '10.201.0.0/16', stored: '10.200.0.0/16, fd65::/64' },
        { flag: '--mtu', given: '1400', stored: '1420' },
        { flag: '--keepalive', given: '0', stored: '25' },
        { flag: '--registration-ttl', given: '31', stored: '30' },
        { flag: '--hold-down', given: '60', stored: '86400' },
      ],
    });
  });
});
