/** PURE: what the rules of a network allow, as rules of nft and the sets of addresses that they name. */
import type { Family } from '@wgcni/ipam';
import type { NftSet } from '@wgcni/iproute';
import { type Places, planPlaces } from './places.ts';
import type { Policy, PolicyRule } from './policy.ts';
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
  const planned = policy.rules.map((rule) => planRule(rule, policy, family));
  return {
    sets: planned.flatMap(({ sets }) => sets),
    rules: planned.flatMap(({ rules }) => rules),
    nodeRules: planned.flatMap(({ nodeRules }) => nodeRules),
  };
}

function planRule(rule: PolicyRule, policy: Policy, family: Family): PlannedRules {
  const name = (side: string): string => `${ruleCounter(rule.name)}-${side}${family}`;
  const from = planPlaces({ policy, family, end: 'original', places: rule.from, name: name('from') });
  if (from === undefined) return { sets: [], rules: [], nodeRules: [] };
  const to = planPlaces({ policy, family, end: 'reply', places: rule.to, name: name('to') });
  const toNode = planNode(rule, policy, { family, name: name('node') });
  const lines = (destination: Places | undefined): string[] =>
    destination === undefined
      ? []
      : protocolMatches(rule, family).map((protocol) =>
          [protocol, from.match, destination.match, `counter name ${ruleCounter(rule.name)} accept`]
            .filter((words) => words !== '')
            .join(' '),
        );
  return {
    sets: [from, to, toNode].flatMap((side) => side?.sets ?? []),
    rules: lines(to),
    nodeRules: lines(toNode),
  };
}

/** A block opens a node's services at the addresses in it. Of the words only those that say so: `any` and `containers` are broad, and a node's services are not. */
function planNode(
  { to }: PolicyRule,
  policy: Policy,
  { family, name }: { family: Family; name: string },
): Places | undefined {
  if (to.includes('node') || to.includes('nodes')) return { match: '', sets: [] };
  const blocks = to.filter((place) => place.includes('/'));
  return planPlaces({ policy, family, end: 'reply', places: blocks, name });
}
