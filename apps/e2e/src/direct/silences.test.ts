/** Silences count while both are up, also at the ends, where nothing was heard yet or any more. */
import { expect, it } from 'vitest';
import { longestSilence } from './silences.ts';

const stay = (fromMs: number, toMs: number) => ({ fromMs, toMs });
const heard = (firstMs: number, lastMs: number, ...silences: [number, number][]) => ({
  ...{ count: 9, firstMs, lastMs, silences },
});

it.each<[string, number | undefined, Parameters<typeof longestSilence>]>([
  ['nobody was up together', undefined, [stay(0, 10), stay(10, 20), undefined]],
  ['nothing was heard at all', 8, [stay(0, 10), stay(2, 20), undefined]],
  ['it began late', 4, [stay(0, 100), stay(0, 100), heard(4, 100)]],
  ['it had begun before', 0, [stay(50, 100), stay(50, 100), heard(4, 100)]],
  ['it ended early', 30, [stay(0, 100), stay(0, 100), heard(0, 70)]],
  ['it paused', 20, [stay(0, 100), stay(0, 100), heard(0, 100, [10, 15], [40, 60])]],
  ['it paused over the end', 10, [stay(0, 50), stay(0, 100), heard(0, 100, [40, 90])]],
])('is told where %s', (_, expected, [sender, listener, what]) => {
  expect(longestSilence(sender, listener, what)).toBe(expected);
});
