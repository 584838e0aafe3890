/** A pool as cells, whatever its size. */
import { expect, it } from 'vitest';
import { cellsOf, drawPool, grouped, poolUse } from './draw-pool.ts';
import { markup } from './tree.ts';

const block = (at: string, state: 'held' | 'reserved' | 'released' = 'held') => ({
  ...{ at, state, cidr: `10.64.${at}.0/24`, nodeId: `n${at}` },
});
const pool = (subnets: string, blocks = [block('0')]) => ({
  ...{ cidr: '10.64.0.0/20', prefixLength: 24, subnets, taken: blocks.length, blocks },
});

it('has a cell for each subnet of a small pool, with whose it is', () => {
  const cells = cellsOf(pool('16', [block('0'), block('3', 'reserved'), block('15', 'released')]));
  expect(cells).toHaveLength(16);
  expect(cells[3]).toMatchObject({ first: 3n, size: 1n, reserved: 1, only: { nodeId: 'n3' } });
  expect(cells.filter(({ only }) => only === undefined)).toHaveLength(13);
});

it.each(['257', '1000', '65536', String(2n ** 80n)])(
  'has at most 256 cells of %s subnets, and all are in one',
  (subnets) => {
    const cells = cellsOf(pool(subnets, [block('0'), block(String(BigInt(subnets) - 1n))]));
    expect(cells.length).toBeLessThanOrEqual(256);
    expect(cells.reduce((sum, { size }) => sum + size, 0n)).toBe(BigInt(subnets));
    expect([cells[0]?.held, cells.at(-1)?.held]).toEqual([1, 1]);
  },
);

it('shows what is taken also where it is next to nothing', () => {
  expect(poolUse({ subnets: '4096', taken: 500 })).toBe('500 of 4,096 subnets taken (12 %)');
  expect(poolUse({ subnets: '65536', taken: 3 })).toBe('3 of 65,536 subnets taken (less than 0.1 %)');
  expect(markup(drawPool(pool('65536'), 320))).toContain('height="2"');
  expect(grouped(1_234_567)).toBe('1,234,567');
});

it('says each cell in words', () => {
  const text = markup(drawPool(pool('16', [block('0'), block('3', 'reserved'), block('4', 'released')]), 640));
  for (const words of [
    '10.64.0.0/24: held by n0',
    'reserved for the deleted n3',
    'resting, last of n4',
    'subnet 5: free',
  ])
    expect(text).toContain(words);
  expect(markup(drawPool(pool('65536'), 640))).toContain('subnets 0 to 255: 1 held');
});
