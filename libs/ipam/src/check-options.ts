/** What makes the options of a network impossible or contradictory, each with the values and what to write instead. */
import { CatalogueError } from '@wgcni/base';
import { longestSubnet } from './address-pool.ts';
import { type Cidr, formatCidr, parseCidr } from './cidr.ts';
import { findOverlap } from './find-overlap.ts';
import { type NetworkOptions, saidOptions } from './network-options.ts';
import type { Pool } from './pool.ts';
import { checkRule, type Rule } from './rule.ts';
import { specialRangeOf } from './special-ranges.ts';

const mostRules = 1_000;
/** Characters of all rules as JSON: etcd takes a request of 1.5 MiB. */
const mostRuleText = 512 * 1_024;

/** Of all rules together: each node writes them to its kernel for either family in one go, which is to take about a second at most. */
const mostBlocks = 16_384;
const mostPorts = 8_192;

/**
 * What is said of the options, in canonical text. Throws CatalogueError `request.invalid` for a value that cannot be, `pool.overlap` for a client
 * pool that shares an address with a pool or another, and `network.contradictory` for two that do not go together.
 */
export function checkOptions(given: Partial<NetworkOptions>, pools: readonly Pool[]): Partial<NetworkOptions> {
  const said = saidOptions(given);
  const { clientPools, masquerade, rules } = said;
  refuseContradictions(said);
  return {
    ...said,
    ...(clientPools === undefined ? {} : { clientPools: checkClientPools(clientPools, pools) }),
    ...(masquerade === undefined ? {} : { masquerade: { ...masquerade, except: checkBlocks(masquerade.except) } }),
    ...(rules === undefined ? {} : { rules: checkRules(rules) }),
  };
}

/** The client pools in canonical text: at most one of each family, and none that shares an address with a pool. */
export function checkClientPools(texts: readonly string[], pools: readonly Pool[], field = 'clientPools'): string[] {
  const cidrs = texts.map((text) => parseCidr(text, field));
  cidrs.forEach((cidr, index) => {
    refuseUseless(cidr, field);
    const text = formatCidr(cidr);
    const twin = cidrs.slice(0, index).find(({ family }) => family === cidr.family);
    if (twin !== undefined)
      throw new CatalogueError('request.invalid', `${field}: ${formatCidr(twin)} and ${text} are of one family`, {
        field,
        remedy: 'name at most one client pool of each family',
      });
    const pool = findOverlap(
      cidr,
      pools.map((one) => one.cidr),
    );
    if (pool !== undefined)
      throw new CatalogueError('pool.overlap', `client pool ${text} overlaps pool ${formatCidr(pool)}`, {
        field,
        remedy: 'choose a range that shares no address with the pools',
      });
  });
  return cidrs.map(formatCidr);
}

function refuseUseless(cidr: Cidr, field: string): void {
  const special = specialRangeOf(cidr);
  if (special !== undefined)
    throw new CatalogueError('request.invalid', `${field} ${formatCidr(cidr)}: the range is ${special}`, {
      field,
      remedy: 'choose a private or global range',
    });
  const longest = longestSubnet[cidr.family];
  if (cidr.length > longest)
    throw new CatalogueError('request.invalid', `${field} ${formatCidr(cidr)} has no address to give`, {
      field,
      remedy: `choose a range of at most /${longest}`,
    });
}

function refuseContradictions({ direct = 'off', isolation, link }: Partial<NetworkOptions>): void {
  if (direct === 'off') return;
  const other = isolation === 'isolated' ? `isolation isolated` : link === 'veth' ? 'link veth' : undefined;
  if (other === undefined) return;
  const why = isolation === 'isolated' ? 'go past the rules of the node' : 'need a WireGuard device in each container';
  throw new CatalogueError('network.contradictory', `direct ${direct} and ${other}: direct peers ${why}`, {
    field: 'direct',
    remedy: `set direct to off, or ${isolation === 'isolated' ? 'isolation to open' : 'link to wireguard'}`,
  });
}

function checkBlocks(texts: readonly string[]): string[] {
  return [...new Set(texts.map((text) => formatCidr(parseCidr(text, 'masquerade.except'))))];
}

function checkRules(rules: readonly Rule[]): Rule[] {
  if (rules.length > mostRules)
    throw new CatalogueError('request.invalid', `${rules.length} rules are more than ${mostRules}`, {
      field: 'rules',
      remedy: 'put several blocks into one rule',
    });
  const length = JSON.stringify(rules).length;
  if (length > mostRuleText)
    throw new CatalogueError('request.invalid', `the rules are ${length} characters, more than ${mostRuleText}`, {
      field: 'rules',
      remedy: 'name larger blocks in place of many small ones',
    });
  refuseMany('blocks', mostBlocks, rules.map(blocksIn));
  refuseMany(
    'ports',
    mostPorts,
    rules.map(({ ports }) => ports.length),
  );
  const twin = rules.find(({ name }, index) => rules.findIndex((other) => other.name === name) !== index);
  if (twin !== undefined)
    throw new CatalogueError('request.invalid', `two rules are named ${twin.name}`, {
      field: 'rules',
      remedy: 'give each rule a name of its own',
    });
  return rules.map(checkRule);
}

function blocksIn({ from, to }: Rule): number {
  return [...from, ...to].filter((place) => place.includes('/')).length;
}

function refuseMany(what: 'blocks' | 'ports', most: number, counts: readonly number[]): void {
  const named = counts.reduce((sum, count) => sum + count, 0);
  if (named <= most) return;
  throw new CatalogueError('request.invalid', `the rules name ${named} ${what}, more than ${most} together`, {
    field: 'rules',
    remedy: `name larger ${what === 'blocks' ? 'blocks' : 'ranges of ports'} in place of many small ones`,
  });
}
