/** PURE: the protocol and the ports of a connection in nft's words; by number, since a host may lack /etc/protocols. */
import { type Family, type Ports, type Rule, tryParsePorts } from '@wgcni/ipam';

export const tcp = 6;
const numbers = { tcp, udp: 17, sctp: 132 };

export function icmpOf(family: Family): number {
  return family === 4 ? 1 : 58;
}

/** Any of these will do; none where no port of it can be read. The ports are those at which the connection is really answered. */
export function protocolMatches({ protocol, ports }: Rule, family: Family): string[] {
  if (protocol === 'any') return [''];
  if (protocol === 'icmp') return [`ct protocol ${icmpOf(family)}`];
  const number = numbers[protocol];
  // A packet of ICMP in a connection of another protocol is an error about it: without it no path's MTU is found.
  if (ports.length === 0) return [`ct protocol ${number}`];
  const matches = portMatches(number, ports);
  return matches.length === 0 ? [] : [...matches, errorMatch(number, family)];
}

/** All ports in one match, however many they are: a rule for each would take nft a minute. It knows what a port is only behind a protocol of packets. */
export function portMatches(protocol: number, ports: readonly (string | number)[]): string[] {
  const texts = disjoint(ports).map(({ first, last }) => (first === last ? `${first}` : `${first}-${last}`));
  // An empty set of nft is an error, by which the whole table would be refused.
  if (texts.length === 0) return [];
  const choice = texts.length === 1 ? texts[0] : `{ ${texts.join(', ')} }`;
  return [`meta l4proto ${protocol} ct reply proto-src ${choice}`];
}

/** The same ports as ranges that share none: a set of nft takes no overlaps. */
function disjoint(ports: readonly (string | number)[]): Ports[] {
  const ranges = ports.flatMap((text) => tryParsePorts(String(text)) ?? []);
  const merged: Ports[] = [];
  for (const range of ranges.sort((one, other) => one.first - other.first)) {
    const last = merged.at(-1);
    if (last === undefined || range.first > last.last) merged.push({ ...range });
    else last.last = Math.max(last.last, range.last);
  }
  return merged;
}

export function errorMatch(protocol: number, family: Family): string {
  return `meta l4proto ${icmpOf(family)} ct protocol ${protocol}`;
}

/** An echo and its answer, and the errors about them; not the other questions that ICMP has. */
export function echoMatch(family: Family): string {
  const [header, more] = family === 4 ? ['icmp', ''] : ['icmpv6', 'packet-too-big, '];
  return `${header} type { echo-request, echo-reply, destination-unreachable, ${more}time-exceeded, parameter-problem }`;
}
