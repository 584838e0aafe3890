/** An underlay that has become too small is named with both numbers and what fits. */
import { expect, it } from 'vitest';
import { mtuStatus } from './mtu-status.ts';

it('is no problem while the underlay has room for WireGuard, nor while one of both is not known', () => {
  for (const [mtu, underlay] of [
    [1_420, 1_500],
    [1_420, 9_000],
    [null, 1_500],
    [1_420, null],
  ] as const)
    expect(mtuStatus(mtu, underlay, [])).toEqual({ network: mtu, underlay, problem: null, waiting: [] });
});

it('names both numbers, and the MTU that fits', () => {
  expect(mtuStatus(1_420, 1_492, []).problem).toBe(
    "the underlay carries 1492 bytes, the network's MTU 1420 needs 1500: raise the underlay's MTU, " +
      "or set the network's to 1412 (wgcni network set --mtu 1412)",
  );
});
