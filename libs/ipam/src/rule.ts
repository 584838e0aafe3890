/** A rule of a network: who may reach whom, by which protocol and at which ports; what is wrong with one is named with the remedy. */
import { CatalogueError } from '@wgcni/base';
import type { Family } from './address.ts';
import { type Cidr, formatCidr, tryParseCidr } from './cidr.ts';

/** Everybody of a kind; `nodes`: the nodes' own processes. */
export const placeWords = ['containers', 'clients', 'nodes', 'any'] as const;
/** The services of the node where the packet arrives: only a destination. */
export const nodeServices = 'node';
export const protocols = ['any', 'tcp', 'udp', 'sctp', 'icmp'] as const;

export type Protocol = (typeof protocols)[number];

/** What one rule allows. */
export interface Rule {
  /** At most 63 letters, digits, '.', '_' and '-', the first a letter or digit. */
  name: string;
  /** CIDRs and words of `placeWords`. */
  from: string[];
  /** The same, and `node`. */
  to: string[];
  /** `icmp`: that of both families. */
  protocol: Protocol;
  /** `80` or `8000-8100`; none: all. */
  ports: string[];
}

/** Ports from `first` to `last`, both among them. */
export interface Ports {
  first: number;
  last: number;
}

const namePattern = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;
const protocolsWithPorts: readonly Protocol[] = ['tcp', 'udp', 'sctp'];

/** The ports in a rule's text, or undefined when it is none. */
export function tryParsePorts(text: string): Ports | undefined {
  const match = /^([0-9]{1,5})(?:-([0-9]{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  return first >= 1 && first <= last && last <= 65_535 ? { first, last } : undefined;
}

/** The rule in canonical text. Throws CatalogueError `request.invalid` that names the rule, the wrong value and the remedy. */
export function checkRule(rule: Rule): Rule {
  const { name, protocol, ports } = rule;
  if (!namePattern.test(name))
    throw wrong(rule, 'name', `"${name}" is not a name`, 'use at most 63 letters, digits, ".", "_" and "-"');
  const from = rule.from.map((text) => placeOf(rule, 'from', text));
  const to = rule.to.map((text) => placeOf(rule, 'to', text));
  refuseNobody(rule, 'from', from);
  refuseNobody(rule, 'to', to);
  refuseTwoFamilies(rule, from, to);
  if (ports.length > 0 && !protocolsWithPorts.includes(protocol))
    throw wrong(
      rule,
      'ports',
      `protocol ${protocol} has no ports, and ${ports.join(', ')} is named`,
      `name one of ${protocolsWithPorts.join(', ')}, or no ports`,
    );
  for (const text of ports) {
    if (tryParsePorts(text) === undefined)
      throw wrong(rule, 'ports', `"${text}" is no port and no range of ports`, 'write them like 80 or 8000-8100');
  }
  return { name, from: from.map(textOf), to: to.map(textOf), protocol, ports };
}

type Place = string | Cidr;

function placeOf(rule: Rule, field: 'from' | 'to', text: string): Place {
  const words: readonly string[] = field === 'to' ? [...placeWords, nodeServices] : placeWords;
  const place = words.includes(text) ? text : tryParseCidr(text);
  if (place !== undefined) return place;
  const remedy = `write a CIDR block with its host bits zero, or one of ${words.join(', ')}`;
  throw wrong(rule, field, `"${text}" is neither a CIDR block nor one of the words`, remedy);
}

function refuseNobody(rule: Rule, field: 'from' | 'to', places: readonly Place[]): void {
  if (places.length === 0) throw wrong(rule, field, 'it names nobody', 'name at least one, "any" for everybody');
}

/** No packet has a source of one family and a destination of the other. */
function refuseTwoFamilies(rule: Rule, from: readonly Place[], to: readonly Place[]): void {
  const [one, other] = [familiesOf(from), familiesOf(to)];
  if ([...one].some((family) => other.has(family))) return;
  throw wrong(
    rule,
    'to',
    `${rule.from.join(', ')} and ${rule.to.join(', ')} are of different families`,
    'name blocks of one family on both sides, or a word, which is of both',
  );
}

function familiesOf(places: readonly Place[]): Set<Family> {
  return new Set(places.flatMap((place) => (typeof place === 'string' ? ([4, 6] as const) : place.family)));
}

function textOf(place: Place): string {
  return typeof place === 'string' ? place : formatCidr(place);
}

function wrong({ name }: Rule, field: string, why: string, remedy: string): CatalogueError {
  return new CatalogueError('request.invalid', `rule ${name}: ${field}: ${why}`, { field, remedy });
}
