/** The Firewall port on the host's own `iptables-save` and `iptables-restore`, whichever backend stands behind them. */
import { CatalogueError, SerialQueue } from '@wgcni/base';
import { oursIn, planTable } from '../firewall/plan-table.ts';
import { parseSavedRules, type SavedTable } from '../firewall/saved-rules.ts';
import type { Firewall, FirewallChain } from '../port.ts';
import { Processes } from './processes.ts';

type Family = FirewallChain['family'];

/** What no rule is. */
const absent = '\0';
const families: readonly Family[] = [4, 6];

export interface ExecFirewallOptions {
  /** A namespace that stands for our own; by default the one this process is in. */
  ownNetns?: string;
}

export class ExecFirewall implements Firewall {
  readonly #processes: Processes;
  readonly #queue = new SerialQueue();
  /** What the kernel made of the rules we wrote, by chain: a later reading is compared with this, not with our words. */
  readonly #readBack = new Map<string, { written: readonly string[]; saved: readonly string[] }>();

  constructor(options: ExecFirewallOptions = {}) {
    this.#processes = new Processes(options.ownNetns);
  }

  ensure(chains: readonly FirewallChain[], prefix: string): Promise<string[]> {
    return this.#queue.run(async () => {
      const changed: string[] = [];
      for (const family of families) {
        const ours = chains.filter((chain) => chain.family === family);
        if (ours.length === 0 && chains.length > 0 && !(await this.#canRead(family))) continue;
        changed.push(...(await this.#ensureFamily(family, ours, prefix)));
      }
      return changed;
    });
  }

  async remove(prefix: string): Promise<void> {
    await this.ensure([], prefix);
  }

  async #ensureFamily(family: Family, chains: readonly FirewallChain[], prefix: string): Promise<string[]> {
    const before = await this.#save(family);
    const tables = new Set([...before.keys(), ...chains.map((chain) => chain.table)]);
    const sections = [...tables].flatMap((table) => {
      const desired = chains.filter((chain) => chain.table === table);
      const saved = before.get(table) ?? new Map<string, string[]>();
      return planTable({ table, desired, saved, prefix, isSame: (...pair) => this.#isSame(...pair) }) ?? [];
    });
    if (sections.length === 0) return [];
    await this.#restore(family, sections.join(''));
    const after = await this.#save(family);
    for (const chain of chains) {
      const saved = after.get(chain.table)?.get(chain.name) ?? [];
      this.#readBack.set(keyOf(chain), { written: [...chain.rules], saved });
    }
    return changedChains(before, after, prefix).map((name) => `${name}/${family}`);
  }

  /** A host without one family may have no rules of it to read: where none are wanted that is no failure. */
  #canRead(family: Family): Promise<boolean> {
    return this.#save(family).then(
      () => true,
      () => false,
    );
  }

  #isSame(chain: FirewallChain, saved: readonly string[]): boolean {
    const last = this.#readBack.get(keyOf(chain));
    const expected = last !== undefined && areSame(last.written, chain.rules) ? last.saved : chain.rules;
    return areSame(expected, saved);
  }

  async #save(family: Family): Promise<Map<string, SavedTable>> {
    const program = family === 4 ? 'iptables-save' : 'ip6tables-save';
    const { status, stdout, stderr } = await this.#processes.run({ argv: [program] });
    if (status !== 0) throw refusedRules(program, stderr);
    return parseSavedRules(stdout);
  }

  async #restore(family: Family, input: string): Promise<void> {
    const program = family === 4 ? 'iptables-restore' : 'ip6tables-restore';
    const { status, stderr } = await this.#processes.run({ argv: [program, '--noflush', '--wait', '5'], input });
    if (status !== 0) throw refusedRules(program, `${stderr.trim()} in\n${input}`);
  }
}

function keyOf({ family, table, name }: FirewallChain): string {
  return `${family} ${table} ${name}`;
}

function areSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((rule, index) => rule === other[index]);
}

/** Names of the chains of ours, and of those that jump to them, that are otherwise in the one than in the other. */
function changedChains(before: Map<string, SavedTable>, after: Map<string, SavedTable>, prefix: string): string[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].flatMap((table) => {
    const [one, other] = [before, after].map((tables) => new Map(oursIn(tables.get(table) ?? new Map(), prefix)));
    const all = new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])]);
    return [...all].filter((name) => !areSame(one?.get(name) ?? [absent], other?.get(name) ?? [absent]));
  });
  return [...new Set(names)];
}

function refusedRules(program: string, reason: string): CatalogueError {
  return new CatalogueError('kernel.refused', `${program} failed: ${reason.trim()}`, {
    remedy: 'see whether the kernel has the netfilter modules that these rules use, and the process CAP_NET_ADMIN',
  });
}
