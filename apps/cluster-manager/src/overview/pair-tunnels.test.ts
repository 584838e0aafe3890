/** What both ends of a tunnel say of it, told once. */
import { mostTunnelsShown } from '@wgcni/api';
import { expect, it } from 'vitest';
import { pairTunnels } from './pair-tunnels.ts';

const says = (nodeId: string, ...tunnels: [to: string, state: 'broken' | 'unknown'][]) => ({
  nodeId,
  tunnels: tunnels.map(([to, state]) => ({
    nodeId: to,
    state,
    since: '2026-01-01T00:00:00Z',
    cause: `${nodeId} said`,
  })),
});
const shown = (reports: ReturnType<typeof says>[], isThere = (_: string): boolean => true) =>
  pairTunnels(reports, isThere).shown.map(({ from, to, state }) => `${from} ${to} ${state}`);

it('is broken when one end says so, in the words of that end', () => {
  expect(shown([says('n1', ['n2', 'unknown']), says('n2', ['n1', 'broken'])])).toEqual(['n2 n1 broken']);
  expect(shown([says('n2', ['n1', 'broken']), says('n1', ['n2', 'unknown'])])).toEqual(['n2 n1 broken']);
});

it('is told by the first by name when both say the same', () => {
  const both = [says('n2', ['n1', 'broken']), says('n1', ['n2', 'broken'])];
  expect(shown(both)).toEqual(['n1 n2 broken']);
  expect(shown(both.reverse())).toEqual(['n1 n2 broken']);
});

it('comes with the broken ones first', () => {
  expect(shown([says('n1', ['n2', 'unknown'], ['n3', 'broken'])])).toEqual(['n1 n3 broken', 'n1 n2 unknown']);
});

it('is not told of when one of its ends is silent or has left', () => {
  expect(shown([says('n1', ['gone', 'broken'], ['n2', 'broken'])], (nodeId) => nodeId !== 'gone')).toEqual([
    'n1 n2 broken',
  ]);
});

it('is counted also where it is one too many to be named', () => {
  const far = Array.from({ length: mostTunnelsShown + 5 }, (_, at): [string, 'broken'] => [`p${at}`, 'broken']);
  const { shown: named, total } = pairTunnels([says('n1', ...far)], () => true);
  expect([named.length, total]).toEqual([mostTunnelsShown, mostTunnelsShown + 5]);
});
