/** Allowed IPs: canonical form, and blocks that two peers claim. */
import { describe, expect, it } from 'vitest';
import { canonicalAllowedIps, contestedAllowedIps, holdersOf, sameAllowedIps, settleContested } from './allowed-ips.ts';
import { parsePublicKey } from './key.ts';
import type { Peer } from './peer.ts';

const peer = (letter: string, allowedIps: string[]): Peer => ({
  publicKey: parsePublicKey(`${letter.repeat(42)}A=`),
  endpoint: undefined,
  allowedIps,
  keepaliveSec: 0,
});
const [alpha, beta] = [peer('a', ['10.64.0.0/24', 'fd64::/64']), peer('b', ['10.64.0.0/24'])];

describe('allowed IPs', () => {
  it('are canonical when sorted, without doubles, in canonical text', () => {
    expect(canonicalAllowedIps(['fd64:0:0::/64', '10.0.0.0/8', 'fd64::/64'])).toEqual(['10.0.0.0/8', 'fd64::/64']);
  });

  it('are the same only when every block is', () => {
    expect(sameAllowedIps(['10.0.0.0/8'], ['10.0.0.0/8'])).toBe(true);
    expect(sameAllowedIps(['10.0.0.0/8'], ['10.0.0.0/9'])).toBe(false);
    expect(sameAllowedIps(['10.0.0.0/8'], [])).toBe(false);
  });

  it('are contested when two peers claim the same block', () => {
    expect(contestedAllowedIps([alpha, beta])).toEqual(new Map([['10.64.0.0/24', [alpha.publicKey, beta.publicKey]]]));
  });

  it('stay with the present holder of a contested block, else with the first claimant', () => {
    const blocksOf = (peers: Peer[]) => peers.map((each) => each.allowedIps);
    expect(blocksOf(settleContested([alpha, beta], holdersOf([beta])))).toEqual([['fd64::/64'], ['10.64.0.0/24']]);
    expect(blocksOf(settleContested([alpha, beta], new Map()))).toEqual([['10.64.0.0/24', 'fd64::/64'], []]);
  });
});
