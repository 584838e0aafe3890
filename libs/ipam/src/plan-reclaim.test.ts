/** Who loses subnets by silence: all of a node or none, and nobody while more than half are silent. */
import { describe, expect, it } from 'vitest';
import { planReclaim, restedSubnets, type AgingSubnet } from './plan-reclaim.ts';

const holdDownMs = 1_000;
const held = (nodeId: string, cidr: string, silentMs: number, state: AgingSubnet['state'] = 'held'): AgingSubnet => ({
  cidr,
  nodeId,
  state,
  silentMs,
});
const plan = (nodes: string[], silent: string[], subnets: AgingSubnet[]) =>
  planReclaim({ nodes, silent: new Set(silent), subnets, holdDownMs });

describe('reclaiming', () => {
  it('takes all subnets of a node whose hold-down is over, and only of such', () => {
    const subnets = [
      held('n1', 'a4', 1_000),
      held('n1', 'a6', 1_500),
      held('n2', 'b4', 999),
      held('n3', 'c4', 5_000),
      held('n3', 'c6', 0),
    ];
    expect(plan(['n1', 'n2', 'n3', 'n4', 'n5', 'n6'], ['n1', 'n2', 'n3'], subnets)).toEqual({
      kind: 'reclaim',
      due: [{ nodeId: 'n1', subnets: ['a4', 'a6'] }],
    });
  });

  it('leaves a node alone that is heard, whatever its counters say', () => {
    expect(plan(['n1', 'n2'], [], [held('n1', 'a4', 9_000)])).toEqual({ kind: 'reclaim', due: [] });
  });

  it('takes what is reserved for a deleted node, and passes over what rests already', () => {
    const subnets = [held('gone', 'a4', 1_000, 'reserved'), held('gone', 'a6', 0, 'released')];
    expect(plan(['n1'], ['gone'], subnets)).toEqual({ kind: 'reclaim', due: [{ nodeId: 'gone', subnets: ['a4'] }] });
  });

  it('goes on with exactly half of the nodes silent and stops with more, saying who would be due', () => {
    const subnets = [held('n1', 'a4', 1_000)];
    expect(plan(['n1', 'n2'], ['n1'], subnets).kind).toBe('reclaim');
    expect(plan(['n1', 'n2', 'n3'], ['n1', 'n3'], subnets)).toEqual({
      kind: 'withheld',
      due: [{ nodeId: 'n1', subnets: ['a4'] }],
      silentCount: 2,
      nodeCount: 3,
      why: '2 of 3 nodes are silent, more than half: nothing is reclaimed',
    });
  });

  it('counts only nodes that have a record as silent', () => {
    expect(plan(['n1', 'n2'], ['n1', 'gone', 'also-gone'], []).kind).toBe('reclaim');
  });

  it('has nothing to do without nodes', () => {
    expect(plan([], [], [])).toEqual({ kind: 'reclaim', due: [] });
  });
});

describe('rest', () => {
  it('is over for released subnets only, exactly after its time', () => {
    const subnets = [
      held('n1', 'a', 300, 'released'),
      held('n1', 'b', 299, 'released'),
      held('n1', 'c', 9_000),
      held('n1', 'd', 9_000, 'reserved'),
    ];
    expect(restedSubnets(subnets, 300)).toEqual(['a']);
  });
});
