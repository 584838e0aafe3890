/** Which report of a node wins where several replicas have one. */
import { expect, it } from 'vitest';
import { newestOfEach } from './newest.ts';

const report = (nodeId: string, run: string, counter: number, ageSec: number) => ({ nodeId, run, counter, ageSec });

it('is the one of the greatest counter of one run, whenever it was heard', () => {
  const [older, newer] = [report('n1', 'a', 4, 1), report('n1', 'a', 5, 900)];
  expect(newestOfEach([older, newer])).toEqual([newer]);
  expect(newestOfEach([newer, older])).toEqual([newer]);
});

it('is the one that was heard later of two runs, whose counters say nothing about each other', () => {
  const [before, after] = [report('n1', 'a', 4_000, 60), report('n1', 'b', 1, 3)];
  expect(newestOfEach([before, after])).toEqual([after]);
  expect(newestOfEach([after, before])).toEqual([after]);
});

it('is told of each node once, in the order of their ids', () => {
  const reports = [report('n2', 'a', 1, 0), report('n1', 'b', 1, 0), report('n2', 'a', 2, 0)];
  expect(newestOfEach(reports).map(({ nodeId, counter }) => [nodeId, counter])).toEqual([
    ['n1', 1],
    ['n2', 2],
  ]);
});
