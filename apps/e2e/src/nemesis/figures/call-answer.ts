/** Whether a call of the plugin succeeded, by what it answered. Pure. */
import type { PluginAnswer, PluginResult } from '@wgcni/testing';

export interface Addition {
  /** Without prefix length. */
  addresses: string[];
  /** Absent: it succeeded. */
  failure?: string;
}

/** What a call that failed said; undefined when it succeeded. */
export function failureOf({ exitCode, stdout, stderr }: PluginAnswer): string | undefined {
  return exitCode === 0 ? undefined : `exit status ${exitCode}: ${stdout} ${stderr}`;
}

/** Enters the addresses of an ADD among those `held`; one that was held before, or a family without an address, is a failure. */
export function readAddition(answer: PluginAnswer, held: Set<string>): Addition {
  const failure = failureOf(answer);
  if (failure !== undefined) return { addresses: [], failure };
  const { ips } = JSON.parse(answer.stdout) as PluginResult;
  const addresses = ips.map(({ address }) => address.replace(/\/.*/, ''));
  const twice = addresses.find((address) => held.has(address));
  for (const address of addresses) held.add(address);
  if (twice !== undefined) return { addresses, failure: `${twice} is held by another` };
  const families = new Set(addresses.map((address) => address.includes(':')));
  return families.size === 2 ? { addresses } : { addresses, failure: `not of both families: ${addresses.join(' ')}` };
}
