/**
 * PURE: the table of nftables that enforces a policy. It only drops; what it accepts others may still drop. Every packet of a connection is judged by the
 * connection's own tuple, so that answers need no exception and a rule that goes takes with it what it allowed.
 */
import { type Family, widthOf } from '@wgcni/ipam';
import type { NftContent, NftSet } from '@wgcni/iproute';
import { containerDevices, meshDevice } from '../node-view.ts';
import { blocksOf, endOf, headerOf, nodeMatches } from './address-match.ts';
import { toErrors } from './forged-errors.ts';
import { fromOutside, guarded } from './from-outside.ts';
import { planRules } from './plan-rules.ts';
import type { Policy } from './policy.ts';
import { deniedCounter, deniedCounters, type Destination, ruleCounter, strayCounter } from './policy-counts.ts';
import { echoMatch, errorMatch, icmpOf, portMatches, tcp } from './protocol-match.ts';

/** The name of the table. */
export const policyTable = 'wgcni';

const families: readonly Family[] = [4, 6];
/** Of no connection that the kernel knows. */
const stray = 'ct state invalid,untracked';
/** How neighbours on one link find each other: no connection is made of it. */
const neighbours =
  'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld2-listener-report }';

export function planTable(policy: Policy): NftContent {
  const planned = families.map((family) => ({ family, ...planRules(policy, family) }));
  const each = (lines: (family: Family) => string[]): string[] => families.flatMap(lines);
  return {
    sets: [...families.flatMap((family) => addressSets(policy, family)), ...planned.flatMap(({ sets }) => sets)],
    counters: [...deniedCounters, ...policy.rules.map(({ name }) => ruleCounter(name))],
    chains: [
      { name: 'forward', hook: 'forward', rules: each((family) => forward(policy, family)) },
      { name: 'input', hook: 'input', rules: [...each((family) => input(policy, family)), ...inputRest] },
      ...planned.flatMap(({ family, rules, nodeRules, errorRules }) => [
        { name: `errors${family}`, rules: errorRules },
        { name: `outside${family}`, rules: [...toOtherNodes(policy, family), ...fromOutside(family)] },
        { name: `container${family}`, rules: fromContainer(policy, family) },
        { name: `client${family}`, rules: fromClient(policy, family) },
        { name: `node${family}`, rules: toNode(policy, family, nodeRules) },
        { name: `rules${family}`, rules },
      ]),
    ],
  };
}

/** Blocks of the pools and client pools, and single clients. */
function addressSets({ pools, clientPools, reachable, routes }: Policy, family: Family): NftSet[] {
  const ofPools = pools.map(({ cidr }) => cidr);
  const ofClients = reachable.map(({ family: one, value }) => ({ family: one, base: value, length: widthOf(one) }));
  return [
    { name: `containers${family}`, family, elements: blocksOf(ofPools, family) },
    { name: `clients${family}`, family, elements: blocksOf(clientPools, family) },
    { name: `reachable${family}`, family, elements: blocksOf(ofClients, family) },
    { name: `routes${family}`, family, elements: blocksOf(routes, family) },
  ];
}

/** What this node passes on: judged by who began it; what nodes began is nobody's business here. */
function forward(policy: Policy, family: Family): string[] {
  const [origin, source] = [endOf('original', family), `${headerOf(family)} saddr`];
  const denied = `counter name ${strayCounter} drop`;
  const toClient = `${headerOf(family)} daddr @clients${family} `;
  return [
    ...toErrors(family),
    ...nodeMatches(policy, family, origin).map((match) => `${match} accept`),
    `${origin} @containers${family} goto container${family}`,
    `${origin} @clients${family} goto client${family}`,
    ...guarded(policy).map((who) => `${endOf('reply', family)} @${who}${family} goto outside${family}`),
    // Of no connection: nobody knows who began it, so it passes only where both directions may.
    ...nodeMatches(policy, family, source).map((match) => `${stray} ${match} accept`),
    `${stray} ${source} @containers${family} ${policy.isolation === 'isolated' ? '' : toClient}${denied}`,
    `${stray} ${source} @clients${family} ${denied}`,
    ...guarded(policy).map(
      (who) => `${stray} iifname != "${meshDevice}" ${headerOf(family)} daddr @${who}${family} ${denied}`,
    ),
  ];
}

/** Whatever a container's device brings that was not judged by now is not from a container's address: only answers to what the node began under an address that is not its gateway's. */
const inputRest = containerDevices
  .map((device) => `iifname "${device.replace('+', '*')}"`)
  .flatMap((from) => [`${from} ct direction reply accept`, `${from} counter name ${strayCounter} drop`]);

/** What comes to this node itself. */
function input(policy: Policy, family: Family): string[] {
  const [origin, source] = [endOf('original', family), `${headerOf(family)} saddr`];
  return [
    ...nodeMatches(policy, family, origin).map((match) => `${match} accept`),
    ...['containers', 'clients'].map((who) => `${origin} @${who}${family} goto node${family}`),
    ...(family === 6 ? [`${stray} ${neighbours} accept`] : []),
    ...nodeMatches(policy, family, source).map((match) => `${stray} ${match} accept`),
    ...['containers', 'clients'].map((who) => `${stray} ${source} @${who}${family} counter name ${strayCounter} drop`),
  ];
}

function fromContainer(policy: Policy, family: Family): string[] {
  const answerer = endOf('reply', family);
  const isOpen = policy.isolation === 'open';
  return [
    ...toOtherNodes(policy, family),
    `${answerer} @reachable${family} accept`,
    ...(isOpen ? [`${answerer} != @clients${family} accept`] : []),
    `jump rules${family}`,
    ...drops(family, 'container'),
  ];
}

function fromClient(policy: Policy, family: Family): string[] {
  const answerer = endOf('reply', family);
  return [
    ...toOtherNodes(policy, family),
    ...(policy.isolation === 'open' ? [`${answerer} @containers${family} accept`] : []),
    `jump rules${family}`,
    ...drops(family, 'client'),
  ];
}

/** The services of another node are judged where they are: what is open there may be that node's alone. */
function toOtherNodes(policy: Policy, family: Family): string[] {
  return nodeMatches(policy, family, endOf('reply', family)).map((match) => `${match} accept`);
}

/** To a node's own services; what a packet of ICMP tells or asks that a node answers to anybody is none of them. */
function toNode({ nodePorts }: Policy, family: Family, nodeRules: readonly string[]): string[] {
  const ports = nodePorts.length === 0 ? [] : [...portMatches(tcp, nodePorts), errorMatch(tcp, family)];
  return [
    `ct protocol ${icmpOf(family)} ${echoMatch(family)} accept`,
    ...ports.map((match) => `${match} accept`),
    ...nodeRules,
    `${endOf('original', family)} @clients${family} ${drop('client', 'node')}`,
    drop('container', 'node'),
  ];
}

function drops(family: Family, from: 'container' | 'client'): string[] {
  const answerer = endOf('reply', family);
  return [
    `${answerer} @containers${family} ${drop(from, 'container')}`,
    `${answerer} @clients${family} ${drop(from, 'client')}`,
    drop(from, 'outside'),
  ];
}

function drop(from: 'container' | 'client', to: Destination): string {
  return `counter name ${deniedCounter(from, to)} drop`;
}
