/** PURE: how a node is, in one word, a sign and a sentence: out of what the register says and what the node tells. */
import type { Overview, OverviewNode, OverviewTunnel } from '../manager/overview.ts';

export const conditions = ['up', 'trouble', 'unknown', 'draining', 'silent', 'deleted'] as const;
export type Condition = (typeof conditions)[number];

/** The sign of each, where there is no colour; and what it means. */
export const conditionWords: Readonly<Record<Condition, { sign: string; word: string; means: string }>> = {
  up: { sign: '●', word: 'up', means: 'registered, and no tunnel of it is known to be broken' },
  trouble: {
    sign: '▲',
    word: 'trouble',
    means: 'a tunnel to a node that is there is broken, or something could not be mended',
  },
  unknown: { sign: '◌', word: 'unknown', means: 'registered, but it has not told how its tunnels are' },
  draining: { sign: '■', word: 'draining', means: 'takes no new attachments' },
  silent: { sign: '○', word: 'silent', means: 'not registered: nobody has heard it' },
  deleted: { sign: '×', word: 'deleted', means: 'left the mesh; its subnets are still reserved' },
};

/** Whether a node takes part in the mesh at this moment. */
export function isPresent({ state }: Pick<OverviewNode, 'state'>): boolean {
  return state === 'live' || state === 'draining';
}

/** Tunnels that are broken. */
export function brokenOf({ tunnels }: Pick<Overview, 'tunnels'>): OverviewTunnel[] {
  return tunnels.filter(({ state }) => state === 'broken');
}

/** Condition of each node, by its id. */
export function conditionsOf(overview: Pick<Overview, 'nodes' | 'tunnels'>): Map<string, Condition> {
  const troubled = new Set(brokenOf(overview).flatMap(({ from, to }) => [from, to]));
  return new Map(
    overview.nodes.map((node) => [
      node.nodeId,
      conditionOf(node, node.hasBroken === true || troubled.has(node.nodeId)),
    ]),
  );
}

function conditionOf({ state, report }: OverviewNode, hasBroken: boolean): Condition {
  if (state === 'deleted' || state === 'silent') return state;
  if (hasBroken || (report !== null && report.problems.length > 0)) return 'trouble';
  if (state === 'draining') return 'draining';
  return report === null ? 'unknown' : 'up';
}

/** How many nodes are in each condition, without those that none is in. */
export function countConditions(found: ReadonlyMap<string, Condition>): { condition: Condition; count: number }[] {
  const counts = new Map<Condition, number>();
  for (const condition of found.values()) counts.set(condition, (counts.get(condition) ?? 0) + 1);
  return conditions.flatMap((condition) => {
    const count = counts.get(condition) ?? 0;
    return count === 0 ? [] : [{ condition, count }];
  });
}

/** A node in one sentence, for who does not see it. */
export function sentenceOf(node: OverviewNode, condition: Condition): string {
  const { nodeId, state, report, silentSec } = node;
  const begin = `${nodeId}: ${conditionWords[condition].word}`;
  if (state === 'silent') return `${begin}, for ${silentSec} s or more`;
  if (state === 'deleted') return begin;
  if (report === null) return `${begin}, no report`;
  const up = Math.max(0, report.peers - report.tunnelsNotUp);
  return `${begin}, ${up} of ${report.peers} tunnels up, ${report.attachments} attachments`;
}

/** What is to be said of the tunnels that are not up and not broken, or named no more; nothing when there are none. */
export function othersNotUp(overview: Pick<Overview, 'tunnels' | 'tunnelsNotUp'>): string {
  const unnamed = overview.tunnelsNotUp - overview.tunnels.length;
  const unknown = overview.tunnels.length - brokenOf(overview).length;
  const parts = [
    ...(unknown > 0 ? [`of ${unknown} tunnels nobody knows`] : []),
    ...(unnamed > 0 ? [`${unnamed} more that are not up are not named`] : []),
  ];
  return parts.join(', ');
}
