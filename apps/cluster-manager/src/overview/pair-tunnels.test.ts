/** What both ends of a tunnel say of it, told once. */
import { mostTunnelsShown, nameTunnels } from '@wgcni/api';
import { describe, expect, it } from 'vitest';
import { pairTunnels } from './pair-tunnels.ts';

const says = (nodeId: string, ...tunnels: [to: string, state: 'broken' | 'unknown'][]) => ({
  nodeId,
  tunnelsNotUp: tunnels.length,
  tunnels: tunnels.map(([to, state]) => ({
    nodeId: to,
    state,
    since: '2026-01-01T00:00:00Z',
    cause: `${nodeId} said`,
  })),
});
const here = { isThere: (_: string): boolean => true, absent: 0 };
const shown = (reports: ReturnType<typeof says>[], isThere = (_: string): boolean => true) =>
  pairTunnels(reports, { isThere, absent: 1 }).shown.map(({ from, to, state }) => `${from} ${to} ${state}`);

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
  const { shown: named, total } = pairTunnels([says('n1', ...far)], here);
  expect([named.length, total]).toEqual([mostTunnelsShown, mostTunnelsShown + 5]);
});

describe('a mesh in which every tunnel is broken, and each node names a few', () => {
  const count = 500;
  const ids = Array.from({ length: count }, (_, at) => `n${String(at).padStart(4, '0')}`);
  const reports = ids.map((nodeId) => {
    const others = ids.filter((other) => other !== nodeId);
    const all = says(nodeId, ...others.map((to): [string, 'broken'] => [to, 'broken']));
    return { ...all, tunnels: nameTunnels(nodeId, all.tunnels) };
  });

  it('is counted in full, and each node is seen to be in it', () => {
    const { shown: named, total, broken } = pairTunnels(reports, here);
    expect([named.length, total]).toEqual([mostTunnelsShown, (count * (count - 1)) / 2]);
    expect([broken.size, new Set(named.flatMap(({ from, to }) => [from, to])).size]).toEqual([count, count]);
  });

  it('hides no broken tunnel behind those to nodes that are silent', () => {
    const gone = ids.slice(1, 101);
    const isThere = (nodeId: string): boolean => !gone.includes(nodeId);
    const [first] = reports;
    if (first === undefined) throw new Error('no report');
    const one = (tunnelsNotUp: number) => pairTunnels([{ ...first, tunnelsNotUp }], { isThere, absent: gone.length });
    expect(one(100)).toMatchObject({ shown: [], total: 0, broken: new Set() });
    expect(one(101)).toMatchObject({ shown: [], total: 1, broken: new Set(['n0000']) });
  });
});

it('is not broken while it is only not known of more ends than can be named', () => {
  const unknown = Array.from({ length: 40 }, (_, at): [string, 'unknown'] => [`p${at}`, 'unknown']);
  const all = says('n1', ...unknown);
  const { broken } = pairTunnels([{ ...all, tunnels: nameTunnels('n1', all.tunnels) }], here);
  expect(broken.size).toBe(0);
});
