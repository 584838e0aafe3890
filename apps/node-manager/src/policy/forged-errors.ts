/**
 * PURE: who may tell whom of an error. The kernel takes a packet of ICMP that quotes a connection for that connection's, whoever sent it; so what
 * containers and clients send of such must fit the packet's own addresses too.
 */
import type { Family } from '@wgcni/ipam';
import { headerOf, nodeMatches } from './address-match.ts';
import type { Places } from './places.ts';
import type { Policy } from './policy.ts';
import { strayCounter } from './policy-counts.ts';
import { icmpOf } from './protocol-match.ts';

/** Sends what is to be judged to the chain `errors4` or `errors6`. */
export function toErrors(family: Family): string[] {
  const errors = `ct state related meta l4proto ${icmpOf(family)} ${headerOf(family)} saddr`;
  return ['containers', 'clients'].map((who) => `${errors} @${who}${family} jump errors${family}`);
}

/** Returns what one may tell another to whom it may speak, or who may speak to it, of anything; the connection is judged after that. */
export function errorRules(policy: Policy, family: Family, places: Places): string[] {
  const [from, to] = [`${headerOf(family)} saddr`, `${headerOf(family)} daddr`];
  const [containers, clients, reachable] = ['containers', 'clients', 'reachable'].map((name) => `@${name}${family}`);
  const open = [`${from} ${containers}`, `${from} ${clients} ${to} ${containers}`];
  const pairs = [
    // Nodes tell of every connection that they pass on, and are told of their own.
    ...[from, to].flatMap((end) => nodeMatches(policy, family, end)),
    ...(policy.isolation === 'open' ? open : []),
    `${from} ${containers} ${to} ${reachable}`,
    `${from} ${reachable} ${to} ${containers}`,
    ...policy.rules.flatMap((rule) =>
      [
        [from, to],
        [to, from],
      ].flatMap(([asker = '', asked = '']) => {
        const ends = [places.match(asker, rule.from), places.match(asked, rule.to)];
        return ends.includes(undefined) ? [] : ends.filter((end) => end !== '').join(' ');
      }),
    ),
  ];
  return [...[...new Set(pairs)].map((pair) => `${pair} return`.trimStart()), `counter name ${strayCounter} drop`];
}
