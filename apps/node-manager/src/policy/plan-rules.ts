/** PURE: what the rules of a network allow, as rules of nft and the sets of addresses that they name. */
import type { Family, Rule } from '@wgcni/ipam';
import type { NftSet } from '@wgcni/iproute';
import { Places } from './places.ts';
import type { Policy } from './policy.ts';
import { ruleCounter } from './policy-counts.ts';
import { protocolMatches } from './protocol-match.ts';

/** What meets one of the rules is counted and accepted. */
export interface PlannedRules {
  sets: NftSet[];
  /** Of connections to anywhere but a node's own services. */
  rules: string[];
  /** Of connections to a node's own services. */
  nodeRules: string[];
}

/** The rules of one family. */
export function planRules(policy: Policy, family: Family): PlannedRules {
  const places = new Places(policy, family);
  const linesOf = (rule: Rule, to: string | undefined): string[] => {
    const from = places.match('original', rule.from);
    if (from === undefined || to === undefined) return [];
    return protocolMatches(rule, family).map((protocol) =>
      [protocol, from, to, `counter name ${ruleCounter(rule.name)} accept`].filter((words) => words !== '').join(' '),
    );
  };
  const rules = policy.rules.flatMap((rule) => linesOf(rule, places.match('reply', rule.to)));
  const nodeRules = policy.rules.flatMap((rule) => linesOf(rule, nodeMatch(rule, places)));
  return { sets: places.sets, rules, nodeRules };
}

/** A block opens a node's services at the addresses in it. Of the words only those that say so do: `any` and `containers` are broad, and a node's services are not. */
function nodeMatch({ to }: Rule, places: Places): string | undefined {
  if (to.includes('node') || to.includes('nodes')) return '';
  return places.match(
    'reply',
    to.filter((place) => place.includes('/')),
  );
}
