/** Which tunnels a report names. */
import { expect, it } from 'vitest';
import { mostWithAllEdges } from '../picture/edges.ts';
import { nameTunnels } from './name-tunnels.ts';
import { mostTunnelsNamed } from './reports.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, at) => `n${String(at).padStart(4, '0')}`);
const broken = (nodeId: string) => ({ nodeId, state: 'broken' });
const named = (nodeId: string, tunnels: { nodeId: string; state: string }[]): string[] =>
  nameTunnels(nodeId, tunnels).map((tunnel) => tunnel.nodeId);

it('is all of them, as long as a picture draws every line', () => {
  const few = ids(mostWithAllEdges - 1).map(broken);
  expect(nameTunnels('n0003', few)).toEqual(few);
});

it('is each end by some node, and each pair by one, where everything is broken', () => {
  const all = ids(500);
  const pairs = all.flatMap((nodeId) => {
    const mine = named(nodeId, all.filter((other) => other !== nodeId).map(broken));
    expect(mine).toHaveLength(mostTunnelsNamed);
    expect(mine).toEqual([...mine].sort());
    return mine.map((other) => [nodeId, other].sort().join(' '));
  });
  expect(new Set(pairs).size).toBe(pairs.length);
  expect(new Set(pairs.flatMap((pair) => pair.split(' '))).size).toBe(all.length);
});

it('is every broken one before those of which nothing is known', () => {
  const tunnels = ids(100).map((nodeId, at) => ({ nodeId, state: at % 10 === 0 ? 'broken' : 'unknown' }));
  const some = nameTunnels('n0095', tunnels);
  expect(some).toHaveLength(mostTunnelsNamed);
  expect(some.filter(({ state }) => state === 'broken')).toHaveLength(10);
});
