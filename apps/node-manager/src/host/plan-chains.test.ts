/** Our packet filter chains: what is said of pool addresses that come in where they do not belong. */
import { parseCidr } from '@wgcni/ipam';
import { describe, expect, it } from 'vitest';
import { type ChainsInput, planChains } from './plan-chains.ts';

const input: ChainsInput = {
  ...{ meshPort: 51_820, podPort: 51_821, containerPorts: { first: 61_000, last: 65_535 }, masquerade: 'auto' },
  ...{ hasIpv6: true, pools: ['10.64.0.0/12', 'fd64::/48', '10.96.0.0/16'].map((text) => parseCidr(text)) },
};
const sources = (one: ChainsInput) =>
  planChains(one)
    .filter(({ table, hook }) => table === 'raw' && hook === 'PREROUTING')
    .map(({ family, rules }) => [family, rules]);

describe('a packet from an address of a pool', () => {
  it('is dropped before anything else when the way back does not lead where it came in, in each family', () => {
    expect(sources(input)).toEqual([
      [4, ['-s 10.64.0.0/12 -m rpfilter --invert -j DROP', '-s 10.96.0.0/16 -m rpfilter --invert -j DROP']],
      [6, ['-s fd64::/48 -m rpfilter --invert -j DROP']],
    ]);
  });

  it('is nothing to ask about where there is no pool of the family, and before the network is known', () => {
    expect(sources({ ...input, pools: [parseCidr('10.64.0.0/12')] }).map(([family]) => family)).toEqual([4]);
    expect(sources({ ...input, pools: [] })).toEqual([]);
    expect(sources({ ...input, hasIpv6: false }).map(([family]) => family)).toEqual([4]);
  });
});
