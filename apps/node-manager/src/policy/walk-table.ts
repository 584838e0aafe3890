/** Goes through a planned table with one packet, as the kernel would; for tests. It knows the words that the plan uses and throws at any other. */
import { type Address, containsAddress, formatAddress, tryParseAddress, tryParseCidr } from '@wgcni/ipam';
import type { NftContent } from '@wgcni/iproute';

/** A packet by what nft reads of it. */
export interface Packet {
  /** `ct original ip saddr`, `meta l4proto`, `ct protocol`, … to its value; what is not there matches nothing. */
  values: ReadonlyMap<string, Address | number | string>;
}

export interface Walk {
  verdict: 'accept' | 'drop';
  /** What counted it, in order. */
  counters: string[];
}

/** Begins at the chain of the hook. */
export function walkTable(table: NftContent, hook: 'forward' | 'input', packet: Packet): Walk {
  const counters: string[] = [];
  const verdict = inChain(hook) ?? 'accept';
  return { verdict, counters };

  /** Undefined where the chain ends without a verdict. */
  function inChain(name: string): Walk['verdict'] | undefined {
    const chain = table.chains.find((one) => one.name === name);
    if (chain === undefined) throw new Error(`no chain ${name}`);
    for (const rule of chain.rules) {
      const rest = unmatched(rule, packet, table);
      if (rest === undefined) continue;
      const { counter, jump, goto } =
        /^(?:counter name (?<counter>\S+) )?(?:jump (?<jump>\S+)|goto (?<goto>\S+)|accept|drop|return)$/.exec(rest)
          ?.groups ?? refuse(rule);
      if (counter !== undefined) counters.push(counter);
      if (goto !== undefined) return inChain(goto);
      if (rest === 'return') return undefined;
      if (jump === undefined) return rest.endsWith('drop') ? 'drop' : 'accept';
      const verdict = inChain(jump);
      if (verdict !== undefined) return verdict;
    }
    return undefined;
  }
}

const matches = [
  /^(?<what>(?:ct (?:original|reply) )?ip6? [sd]addr) & (?<mask>\S+) == (?<value>\S+) /,
  /^(?<what>(?:ct (?:original|reply) )?ip6? [sd]addr) (?<not>!= )?(?:@(?<set>\S+)|(?<block>\S+)) /,
  /^(?<what>[io]ifname) (?<not>!= )?"(?<device>[^"]+)" /,
  /^(?<what>icmp(?:v6)? type|ct reply proto-src) \{ (?<words>[^}]+) \} /,
  /^(?<what>ct state|ct status|ct direction|meta l4proto|ct protocol|ct reply proto-src) (?<choice>\S+) /,
];

/** What stands behind the matches of a rule; undefined when one of them does not hold. */
function unmatched(rule: string, { values }: Packet, table: NftContent): string | undefined {
  let rest = rule;
  for (;;) {
    const match = matches.map((pattern) => pattern.exec(rest)).find((found) => found !== null);
    if (match === undefined || match === null) return rest;
    const { what = '', ...words } = match.groups ?? {};
    const value = values.get(what);
    if (value === undefined || !holds(value, words, table)) return undefined;
    rest = rest.slice(match[0].length);
  }
}

function holds(value: Address | number | string, words: Partial<Record<string, string>>, table: NftContent): boolean {
  const { mask, value: wanted, set, block, not, device, words: listed, choice } = words;
  if (device !== undefined) return isDevice(device, value) !== (not !== undefined);
  if (typeof value !== 'object') return (listed ?? choice ?? '').split(/, ?/).some((word) => isOneOf(value, word));
  if (mask !== undefined) return formatAddress({ ...value, value: value.value & valueOf(mask) }) === wanted;
  const elements = set === undefined ? [block ?? ''] : table.sets.find(({ name }) => name === set)?.elements;
  if (elements === undefined) throw new Error(`no set ${set}`);
  const isIn = elements.some((element) => containsAddress(tryParseCidr(element) ?? refuse(element), value));
  return isIn !== (not !== undefined);
}

function isDevice(pattern: string, name: Address | number | string): boolean {
  if (typeof name !== 'string') return refuse(pattern);
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}

function isOneOf(value: number | string, word: string): boolean {
  const range = /^(\d+)-(\d+)$/.exec(word);
  if (range === null) return String(value) === word;
  return Number(value) >= Number(range[1]) && Number(value) <= Number(range[2]);
}

function valueOf(address: string): bigint {
  return tryParseAddress(address)?.value ?? refuse(address);
}

function refuse(words: string): never {
  throw new Error(`what is "${words}"?`);
}
