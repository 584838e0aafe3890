/** PURE: what the rules of a network allow, as rules of nft and the sets of addresses that they name. */
import { type Family, type Rule, tryParseCidr, widthOf } from '@wgcni/ipam';
import type { NftSet } from '@wgcni/iproute';
import { endOf } from './address-match.ts';
import { errorRules } from './forged-errors.ts';
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
  /** Of errors by the packet's own addresses. */
  errorRules: string[];
}

/** The rules of one family; one of which no port can be read, as when a newer version wrote it, allows nothing. */
export function planRules(whole: Policy, family: Family): PlannedRules {
  const policy = { ...whole, rules: whole.rules.filter((rule) => protocolMatches(rule, family).length > 0) };
  const places = new Places(policy, family);
  const [beginner, answerer] = [endOf('original', family), endOf('reply', family)];
  const linesOf = (rule: Rule, to: string | undefined): string[] => {
    const from = places.match(beginner, rule.from);
    if (from === undefined || to === undefined) return [];
    return protocolMatches(rule, family).map((protocol) =>
      [protocol, from, to, `counter name ${ruleCounter(rule.name)} accept`].filter((words) => words !== '').join(' '),
    );
  };
  const rules = policy.rules.flatMap((rule) => linesOf(rule, places.match(answerer, rule.to)));
  const nodeRules = policy.rules.flatMap((rule) => linesOf(rule, nodeMatch(rule, places, answerer)));
  const errors = errorRules(policy, family, places);
  return { sets: places.sets, rules, nodeRules, errorRules: errors };
}

/** A node's services are opened by the words that say so, and by a single address that is the node's; what is broad means others: `0.0.0.0/0` is the way out. */
function nodeMatch({ to }: Rule, places: Places, answerer: string): string | undefined {
  if (to.includes('node') || to.includes('nodes')) return '';
  const isSingle = (place: string): boolean => {
    const block = tryParseCidr(place);
    return block !== undefined && block.length === widthOf(block.family);
  };
  return places.match(answerer, to.filter(isSingle));
}
