/** Packet filter chains in memory, with the rules of others beside ours. */
import type { Firewall, FirewallChain } from '../port.ts';

type Table = Map<string, string[]>;

export class MemoryFirewall implements Firewall {
  /** `<family> <table>` → chain → rules without the chain's name. */
  readonly tables = new Map<string, Table>();

  /** The rules of one chain, or undefined when there is no such chain. */
  rulesOf(family: 4 | 6, table: string, chain: string): string[] | undefined {
    return this.tables.get(`${family} ${table}`)?.get(chain);
  }

  /** Someone else inserts a rule at the head of a chain. */
  insertForeign(family: 4 | 6, table: string, entry: { chain: string; rule: string }): void {
    const chains = this.#table(`${family} ${table}`);
    chains.set(entry.chain, [entry.rule, ...(chains.get(entry.chain) ?? [])]);
  }

  /** Someone else flushes every chain of a table and deletes those that are not built in. */
  flush(family: 4 | 6, table: string): void {
    this.tables.delete(`${family} ${table}`);
  }

  async ensure(chains: readonly FirewallChain[], prefix: string): Promise<string[]> {
    const before = this.#chains();
    await this.remove(prefix);
    for (const chain of [...chains].reverse()) {
      const table = this.#table(`${chain.family} ${chain.table}`);
      table.set(chain.name, [...chain.rules]);
      table.set(chain.hook, [`-j ${chain.name}`, ...(table.get(chain.hook) ?? [])]);
    }
    const after = this.#chains();
    const names = new Set([...before.keys(), ...after.keys()]);
    const changed = [...names].filter((name) => before.get(name) !== after.get(name));
    return [...new Set(changed.map((name) => name.replace(/^\S+ /, '')))];
  }

  async remove(prefix: string): Promise<void> {
    for (const [key, table] of this.tables) {
      for (const [name, rules] of table) {
        const others = rules.filter((rule) => !new RegExp(`(^| )-[jg] ${prefix}`).test(rule));
        if (name.startsWith(prefix) || others.length + rules.length === 0) table.delete(name);
        else table.set(name, others);
      }
      if (table.size === 0) this.tables.delete(key);
    }
  }

  #table(key: string): Table {
    const table = this.tables.get(key) ?? new Map<string, string[]>();
    this.tables.set(key, table);
    return table;
  }

  /** Rules by table, and by chain with its family; a chain without any is as good as none. */
  #chains(): Map<string, string> {
    const chains = [...this.tables].flatMap(([key, table]) =>
      [...table]
        .filter(([, rules]) => rules.length > 0)
        .map(([name, rules]): [string, string] => [`${key.slice(2)} ${name}/${key.slice(0, 1)}`, rules.join('\n')]),
    );
    return new Map(chains);
  }
}
