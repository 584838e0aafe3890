/** PURE: the cluster as text: the same nodes, tunnels and pools that are drawn. */
import { oneLine } from '@wgcni/base/plain-text';
import type { Overview, OverviewPool } from '../manager/overview.ts';
import { brokenOf, conditionsOf, conditionWords, countConditions, othersNotUp } from './condition.ts';
import { poolUse } from './draw-pool.ts';

const barWidth = 24;
const mostLines = 20;

/** `width` in characters. */
export function printText(overview: Overview, width = 100): string {
  const conditions = conditionsOf(overview);
  const counts = countConditions(conditions).map(
    ({ condition, count }) => `${conditionWords[condition].sign} ${count} ${conditionWords[condition].word}`,
  );
  const signs = overview.nodes.map(
    ({ nodeId }) => `${conditionWords[conditions.get(nodeId) ?? 'unknown'].sign} ${nodeId}`,
  );
  const nodes = inColumns(signs, width);
  const leader = overview.leader ?? 'NONE: writes are refused until one is elected';
  return [
    `cluster ${overview.cluster}  leader ${leader}${overview.recovering ? '  RECOVERING: grants only what nodes claim' : ''}`,
    `${overview.nodes.length} nodes${counts.length === 0 ? '' : `  ${counts.join('  ')}`}`,
    ...unheardLines(overview),
    ...(nodes.length === 0 ? [] : ['', ...nodes]),
    '',
    ...tunnelLines(overview),
    ...overview.pools.map(poolLine),
  ].join('\n');
}

function unheardLines({ replicas }: Overview): string[] {
  const unheard = replicas.filter(({ isHeard }) => !isHeard).map(({ replicaId }) => replicaId);
  return unheard.length === 0 ? [] : [`not heard: ${unheard.join(', ')}; what nodes told them alone is missing`];
}

function tunnelLines(overview: Overview): string[] {
  const broken = brokenOf(overview);
  const others = othersNotUp(overview);
  const lines = broken
    .slice(0, mostLines)
    .map(({ from, to, since, cause }) => `  ${from} ✕ ${to}  broken since ${since}: ${oneLine(cause)}`);
  const more = broken.length > mostLines ? [`  and ${broken.length - mostLines} more`] : [];
  if (broken.length === 0 && others === '') return ['no tunnel is known to be broken', ''];
  return [...(broken.length > 0 ? ['broken tunnels:', ...lines, ...more] : []), ...(others === '' ? [] : [others]), ''];
}

function poolLine(pool: OverviewPool): string {
  const total = BigInt(pool.subnets);
  const share = total === 0n ? 0 : Number((BigInt(pool.taken) * 1_000n) / total) / 1_000;
  const full = pool.taken === 0 ? 0 : Math.max(1, Math.round(share * barWidth));
  return `pool ${pool.cidr} /${pool.prefixLength}  [${'█'.repeat(full)}${'░'.repeat(barWidth - full)}]  ${poolUse(pool)}`;
}

function inColumns(words: readonly string[], width: number): string[] {
  const widest = Math.max(0, ...words.map((word) => word.length)) + 2;
  const columns = Math.max(1, Math.floor(width / widest));
  return Array.from({ length: Math.ceil(words.length / columns) }, (_, row) =>
    words
      .slice(row * columns, (row + 1) * columns)
      .map((word) => word.padEnd(widest))
      .join('')
      .trimEnd(),
  );
}
