/** The text of iptables-save: chains and their rules, table by table, without counters and policies. */

/** Chain → rules as iptables-save prints them, without `-A <chain>`. */
export type SavedTable = ReadonlyMap<string, readonly string[]>;

/** Parses the output of iptables-save or ip6tables-save. */
export function parseSavedRules(text: string): Map<string, SavedTable> {
  const tables = new Map<string, Map<string, string[]>>();
  let table = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [first = '', chain = ''] = line.split(' ', 2);
    if (first.startsWith('*')) tables.set(first.slice(1), (table = new Map<string, string[]>()));
    else if (first.startsWith(':')) table.set(first.slice(1), []);
    else if (first === '-A') table.get(chain)?.push(line.slice(`-A ${chain} `.length));
  }
  return tables;
}

/** The chain a rule jumps or goes to, or undefined. */
export function targetOf(rule: string): string | undefined {
  return /(?:^| )-[jg] (\S+)/.exec(rule)?.[1];
}
