/** What a network can be told besides its address plan, and what holds where nothing was said (decision 0008). */
import type { Rule } from './rule.ts';

export const masqueradeModes = ['auto', 'on', 'off'] as const;
export const isolations = ['open', 'isolated'] as const;
export const directModes = ['off', 'node', 'cluster'] as const;
export const linkKinds = ['wireguard', 'veth'] as const;

/** Whether what leaves the cluster gets the node's address. */
export interface MasqueradeOption {
  /** `auto`: IPv4 and unique local IPv6 pools, not global IPv6. */
  mode: (typeof masqueradeModes)[number];
  /** CIDRs that containers reach under their own addresses. */
  except: string[];
}

export interface NetworkOptions {
  /** CIDRs that clients get their addresses from, at most one of each family. */
  clientPools: string[];
  masquerade: MasqueradeOption;
  /** `isolated`: containers reach nothing but what a rule allows. */
  isolation: (typeof isolations)[number];
  rules: Rule[];
  /** Whose containers are peers of each other, past the node's routing: nobody's, those of one node, or also those of other nodes. */
  direct: (typeof directModes)[number];
  /** What joins later containers to their node. */
  link: (typeof linkKinds)[number];
}

/** What holds where a record says nothing. */
const defaultOptions: NetworkOptions = {
  clientPools: [],
  masquerade: { mode: 'auto', except: [] },
  isolation: 'open',
  rules: [],
  direct: 'off',
  link: 'wireguard',
};

const optionNames = Object.keys(defaultOptions) as (keyof NetworkOptions)[];

/** All options of a network: what its record says, else the defaults. Other fields of the record are left out. */
export function optionsOf(said: Partial<NetworkOptions>): NetworkOptions {
  return { ...defaultOptions, ...saidOptions(said) };
}

/** The names of the options for which a record says something else than the default. */
export function chosenOptions(said: Partial<NetworkOptions>): (keyof NetworkOptions)[] {
  const all = optionsOf(said);
  return optionNames.filter((name) => JSON.stringify(all[name]) !== JSON.stringify(defaultOptions[name]));
}

/** Only what a record says of the options. */
export function saidOptions(said: Partial<NetworkOptions>): Partial<NetworkOptions> {
  return Object.fromEntries(optionNames.flatMap((name) => (said[name] === undefined ? [] : [[name, said[name]]])));
}
