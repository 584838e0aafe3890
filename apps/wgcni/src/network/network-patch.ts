/** PURE: what the flags of `wgcni network set` and `wgcni rule set` say, as the REST surface takes it. */
import type { NetworkPatch, RuleInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';

export interface NetworkFlags {
  mtu?: string;
  masquerade?: string;
  masqueradeExcept: string[];
  isolation?: string;
  direct?: string;
  link?: string;
  clientPool: string[];
}

export interface RuleFlags {
  from: string[];
  to: string[];
  protocol?: string;
  ports: string[];
}

/** In place of a list: none at all. */
const nothing = 'none';

/** Lists are given whole, `none` is an empty one. Throws CatalogueError `config.invalid` when nothing is said. Words are judged by the manager. */
export function networkPatch(flags: NetworkFlags): NetworkPatch {
  const { mtu, isolation, direct, link } = flags;
  const [except, clientPools] = [listOf(flags.masqueradeExcept), listOf(flags.clientPool)];
  const masquerade = said({ mode: flags.masquerade, except });
  const patch = said({
    mtu: mtu === undefined ? undefined : bytes(mtu),
    masquerade: Object.keys(masquerade).length === 0 ? undefined : masquerade,
    isolation,
    direct,
    link,
    clientPools,
  });
  if (Object.keys(patch).length > 0) return patch;
  throw new CatalogueError('config.invalid', 'nothing is to be set', {
    remedy: 'name at least one option, see wgcni network set --help',
  });
}

/** Repeated or separated by commas. */
export function ruleInput({ from, to, protocol, ports }: RuleFlags): RuleInput {
  return {
    from: words(from),
    to: words(to),
    ...(protocol === undefined ? {} : { protocol: protocol as NonNullable<RuleInput['protocol']> }),
    ports: words(ports),
  };
}

function bytes(text: string): number {
  if (/^[0-9]{1,5}$/.test(text)) return Number(text);
  throw new CatalogueError('config.invalid', `--mtu "${text}" is no number of bytes`, {
    field: '--mtu',
    remedy: 'write it like 1420',
  });
}

function listOf(given: readonly string[]): string[] | undefined {
  if (given.length === 0) return undefined;
  return words(given).filter((word) => word !== nothing);
}

function words(given: readonly string[]): string[] {
  return given.flatMap((word) => word.split(','));
}

function said(all: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
