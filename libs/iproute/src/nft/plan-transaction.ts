/** PURE: what to tell `nft -f -` so that one table holds what is wanted and nothing else; counters that stay are not touched. */
import type { NftContent, NftSet } from '../port.ts';
import type { ListedTable } from './listed-table.ts';

const priority = 'filter';

/** One transaction. What `listed` has beside the wanted goes; a table that was not there is made. */
export function planTransaction(table: string, { sets, counters, chains }: NftContent, listed: ListedTable): string {
  const at = `inet ${table}`;
  const stale = (found: readonly string[], wanted: readonly string[]): string[] =>
    found.filter((name) => !wanted.includes(name));
  // ORDER: without rules nothing refers to a chain, a set or a counter, and each of them can go or be filled anew.
  return [
    `add table ${at}`,
    `flush table ${at}`,
    ...stale(listed.chains, namesOf(chains)).map((name) => `delete chain ${at} ${name}`),
    ...stale(listed.sets, namesOf(sets)).map((name) => `delete set ${at} ${name}`),
    ...stale(listed.counters, counters).map((name) => `delete counter ${at} ${name}`),
    ...stale(counters, listed.counters).map((name) => `add counter ${at} ${name}`),
    ...sets.flatMap((set) => setLines(at, set)),
    ...chains.map(({ name, hook }) => `add chain ${at} ${name}${hook === undefined ? '' : baseOf(hook)}`),
    ...chains.flatMap(({ name, rules }) => rules.map((rule) => `add rule ${at} ${name} ${rule}`)),
    '',
  ].join('\n');
}

/** The same by way of nothing, for a table that holds something else under one of our names: its counters begin anew. */
export function planRebuild(table: string, content: NftContent): string {
  const nothing = { content: '', chains: [], sets: [], counters: [], counts: new Map() };
  return `add table inet ${table}\ndelete table inet ${table}\n${planTransaction(table, content, nothing)}`;
}

function namesOf(things: readonly { name: string }[]): string[] {
  return things.map(({ name }) => name);
}

function setLines(at: string, { name, family, elements }: NftSet): string[] {
  const type = family === 4 ? 'ipv4_addr' : 'ipv6_addr';
  return [
    `add set ${at} ${name} { type ${type}; flags interval; }`,
    `flush set ${at} ${name}`,
    ...(elements.length === 0 ? [] : [`add element ${at} ${name} { ${elements.join(', ')} }`]),
  ];
}

function baseOf(hook: string): string {
  return ` { type filter hook ${hook} priority ${priority}; policy accept; }`;
}
