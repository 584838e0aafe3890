/** PURE: the protocol and the ports of a connection in nft's words; by number, since a host may lack /etc/protocols. */
import type { Family, Rule } from '@wgcni/ipam';

export const tcp = 6;
const numbers = { tcp, udp: 17, sctp: 132 };

export function icmpOf(family: Family): number {
  return family === 4 ? 1 : 58;
}

/** A match for each port or range; any of them will do. The ports are those at which the connection is really answered. */
export function protocolMatches({ protocol, ports }: Rule, family: Family): string[] {
  if (protocol === 'any') return [''];
  if (protocol === 'icmp') return [`ct protocol ${icmpOf(family)}`];
  const number = numbers[protocol];
  // A packet of ICMP in a connection of another protocol is an error about it: without it no path's MTU is found.
  return ports.length === 0 ? [`ct protocol ${number}`] : [...portMatches(number, ports), errorMatch(number, family)];
}

/** nft knows what a port is only behind a protocol of packets. */
export function portMatches(protocol: number, ports: readonly (string | number)[]): string[] {
  return ports.map((port) => `meta l4proto ${protocol} ct reply proto-src ${port}`);
}

export function errorMatch(protocol: number, family: Family): string {
  return `meta l4proto ${icmpOf(family)} ct protocol ${protocol}`;
}

/** An echo and its answer, and the errors about them; not the other questions that ICMP has. */
export function echoMatch(family: Family): string {
  const [header, more] = family === 4 ? ['icmp', ''] : ['icmpv6', 'packet-too-big, '];
  return `${header} type { echo-request, echo-reply, destination-unreachable, ${more}time-exceeded, parameter-problem }`;
}
