/** What to tell iptables-restore so that one table holds our chains as wanted, and nothing else of ours. */
import type { FirewallChain } from '../port.ts';
import { targetOf, type SavedTable } from './saved-rules.ts';

export interface TablePlanInput {
  table: string;
  /** Our chains of this table; those of one hook are jumped to in this order. */
  desired: readonly FirewallChain[];
  saved: SavedTable;
  prefix: string;
  /** Whether the rules found are what the kernel made of the ones wanted: iptables-save rewrites them. */
  isSame: (chain: FirewallChain, saved: readonly string[]) => boolean;
}

interface Rule {
  chain: string;
  rule: string;
}

/** One `*table … COMMIT` section, applied as one transaction with --noflush; undefined when nothing differs. */
export function planTable({ table, desired, saved, prefix, isSame }: TablePlanInput): string | undefined {
  const wanted = new Set(desired.map((chain) => chain.name));
  const stale = [...saved.keys()].filter((name) => name.startsWith(prefix) && !wanted.has(name));
  const rewritten = desired.filter((chain) => !isSame(chain, saved.get(chain.name) ?? ['absent']));
  const hooks = [...new Set([...saved.keys(), ...desired.map((chain) => chain.hook)])].filter(
    (name) => !name.startsWith(prefix) && !areJumpsInPlace(name, desired, saved, prefix),
  );
  if (stale.length + rewritten.length + hooks.length === 0) return undefined;

  // ORDER: jumps to a chain go before it is deleted; rules stand in a chain before the jump to it does.
  return [
    `*${table}`,
    ...[...stale, ...rewritten.map((chain) => chain.name)].map((name) => `:${name} - [0:0]`),
    ...hooks.flatMap((hook) => jumpsFrom(hook, saved, prefix).map(({ chain, rule }) => `-D ${chain} ${rule}`)),
    ...rewritten.flatMap((chain) => chain.rules.map((rule) => `-A ${chain.name} ${rule}`)),
    ...hooks.flatMap((hook) =>
      wantedJumps(hook, desired)
        .reverse()
        .map((rule) => `-I ${hook} 1 ${rule}`),
    ),
    ...stale.map((name) => `-X ${name}`),
    'COMMIT',
    '',
  ].join('\n');
}

/** Our chains and the whole of every chain that jumps to them, to tell whether a write changed anything. */
export function oursIn(saved: SavedTable, prefix: string): [string, readonly string[]][] {
  return [...saved].filter(([name]) => name.startsWith(prefix) || jumpsFrom(name, saved, prefix).length > 0);
}

/** Each chain of ours is jumped to once, from the head of its hook, and from no other chain that is not ours. */
function areJumpsInPlace(hook: string, desired: readonly FirewallChain[], saved: SavedTable, prefix: string): boolean {
  const wanted = wantedJumps(hook, desired);
  const head = (saved.get(hook) ?? []).slice(0, wanted.length);
  return jumpsFrom(hook, saved, prefix).length === wanted.length && wanted.every((rule, index) => rule === head[index]);
}

function wantedJumps(hook: string, desired: readonly FirewallChain[]): string[] {
  return desired.filter((chain) => chain.hook === hook).map((chain) => `-j ${chain.name}`);
}

function jumpsFrom(chain: string, saved: SavedTable, prefix: string): Rule[] {
  const rules = saved.get(chain) ?? [];
  return rules.filter((rule) => targetOf(rule)?.startsWith(prefix)).map((rule) => ({ chain, rule }));
}
