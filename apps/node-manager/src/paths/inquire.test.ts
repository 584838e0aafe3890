/** What is thought of paths of every size, asked of networks that are only a table. */
import { describe, expect, it } from 'vitest';
import { type Ask, inquire } from './inquire.ts';

interface Network {
  ask: Ask;
  /** What was asked, in order: how many addresses, and the MTU. */
  asked: [number, number][];
}

/** Paths by the MTU of the network that they take; 0: nothing is answered. `lost` counts answers that are lost first. */
function networkOf(takes: Record<string, number>, lost: Record<string, number> = {}): Network {
  const asked: [number, number][] = [];
  const left = { ...lost };
  const ask: Ask = async (addresses, mtu) => {
    asked.push([addresses.length, mtu]);
    const answers = addresses.filter((address) => (takes[address] ?? 0) >= mtu);
    return new Set(
      answers.filter((address) => {
        left[address] = (left[address] ?? 0) - 1;
        return (left[address] ?? 0) < 0;
      }),
    );
  };
  return { ask, asked };
}

const found = async (network: Network, addresses: string[], mtu = 1_420) =>
  Object.fromEntries(await inquire(network.ask, addresses, mtu));

describe('inquire', () => {
  it('asks one question where every path takes the largest packet', async () => {
    const network = networkOf({ a: 1_420, b: 8_920 });
    expect(await found(network, ['a', 'b'])).toEqual({ a: 1_420, b: 1_420 });
    expect(network.asked).toEqual([[2, 1_420]]);
  });

  it('asks nothing where there is nobody', async () => {
    const network = networkOf({});
    expect(await found(network, [])).toEqual({});
    expect(network.asked).toEqual([]);
  });

  it('knows nothing of a path that answers to nothing: ICMP may be blocked', async () => {
    const network = networkOf({ a: 0, b: 1_420 });
    expect(await found(network, ['a', 'b'])).toEqual({ a: null, b: 1_420 });
    expect(network.asked).toEqual([
      [2, 1_420],
      [1, 1_420 - 1_396],
    ]);
  });

  it.each([
    [1_500 - 80, 1_432],
    [1_492 - 60, 1_440],
    [1_450 - 60, 1_420],
    [1_280 - 80, 1_420],
    [576 - 60, 1_420],
    [1_500 - 80, 8_920],
    [8_900 - 80, 8_940],
  ])('finds that a path takes %i where the network has %i, with at most ten questions', async (takes, mtu) => {
    const network = networkOf({ a: takes });
    expect(await found(network, ['a'], mtu)).toEqual({ a: takes });
    expect(network.asked.length).toBeLessThanOrEqual(10);
  });

  it('says of a path of no usual size what it takes at least', async () => {
    expect(await found(networkOf({ a: 1_407 }), ['a'])).toEqual({ a: 1_400 });
    expect(await found(networkOf({ a: 300 }), ['a'])).toEqual({ a: 24 });
  });

  it('asks paths of different sizes no more often than one, and leaves the good ones alone', async () => {
    const network = networkOf({ a: 1_390, b: 1_390, c: 1_200, d: 1_420, e: 0 });
    const answer = await found(network, ['a', 'b', 'c', 'd', 'e']);
    expect(answer).toMatchObject({ a: 1_390, b: 1_390, d: 1_420, e: null });
    expect(answer.c).toBeLessThanOrEqual(1_200);
    expect(network.asked.length).toBeLessThanOrEqual(10);
    expect(network.asked.slice(2).every(([count]) => count <= 3)).toBe(true);
  });

  it('suspects nobody for one answer that is lost', async () => {
    expect(await found(networkOf({ a: 1_420 }, { a: 1 }), ['a'])).toEqual({ a: 1_420 });
  });
});
