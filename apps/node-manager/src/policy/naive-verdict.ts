/** The rules of decision 0008 by one connection and its names, slowly: what the table is compared with. */
import {
  type Address,
  containsAddress,
  type Family,
  formatAddress,
  type Rule,
  tryParseCidr,
  widthOf,
} from '@wgcni/ipam';
import type { Policy } from './policy.ts';

/** A connection as conntrack knows it: who began it, who answers it, by what. */
export interface Connection {
  family: Family;
  from: Address;
  to: Address;
  protocol: 'tcp' | 'udp' | 'sctp' | 'icmp';
  port: number;
  /** Whether `to` is an address of the node that judges. */
  isToNode: boolean;
  /** Whether it was redirected on its way, like one to a published port. */
  isRedirected: boolean;
  /** Whether it came in by the mesh. */
  isByMesh: boolean;
}

type Kind = 'container' | 'client' | 'node' | 'outside';

/** What a table's answer to a connection means. */
export function isAllowed(policy: Policy, connection: Connection): boolean {
  const [from, to] = [kindOf(policy, connection.from), connection.isToNode ? 'node' : kindOf(policy, connection.to)];
  if (from === 'node') return true;
  if (from === 'outside') return mayEnter(policy, connection, to);
  // Another node judges what is for it.
  if (to === 'node' && !connection.isToNode) return true;
  if (to === 'node')
    return connection.protocol === 'icmp' || opensPort(policy, connection) || byRule(policy, connection, to);
  if (from === 'container' && to === 'client' && isReachable(policy, connection.to)) return true;
  if (policy.isolation === 'open' && to === 'container') return true;
  if (policy.isolation === 'open' && from === 'container' && to === 'outside') return true;
  return byRule(policy, connection, to);
}

/** Somebody outside reaches clients, and containers of an isolated network, by what is published alone. */
function mayEnter(policy: Policy, connection: Connection, to: Kind): boolean {
  if (to === 'node' || to === 'outside') return true;
  if (to === 'container' && policy.isolation === 'open') return true;
  if (connection.isByMesh || connection.isRedirected) return true;
  return policy.routes.some((cidr) => containsAddress(cidr, connection.from)) || byRule(policy, connection, to);
}

/** Whether `sender` may tell `told` of an error of any connection: there is something that one of them may ask the other. */
export function mayTell(policy: Policy, sender: Address, told: Address): boolean {
  const [from, to] = [kindOf(policy, sender), kindOf(policy, told)];
  if (from === 'node' || from === 'outside' || to === 'node') return true;
  if (policy.isolation === 'open' && (from === 'container' || to === 'container')) return true;
  if (from === 'container' && isReachable(policy, told)) return true;
  if (to === 'container' && isReachable(policy, sender)) return true;
  return policy.rules.some(
    (rule) =>
      (names(rule.from, from, sender) && names(rule.to, to, told)) ||
      (names(rule.from, to, told) && names(rule.to, from, sender)),
  );
}

function kindOf({ pools, clientPools }: Policy, address: Address): Kind {
  const pool = pools.find(({ cidr }) => containsAddress(cidr, address));
  if (pool !== undefined) {
    const hosts = 1n << BigInt((address.family === 4 ? 32 : 128) - pool.prefixLength);
    return address.value % hosts === 1n ? 'node' : 'container';
  }
  return clientPools.some((cidr) => containsAddress(cidr, address)) ? 'client' : 'outside';
}

function isReachable({ reachable }: Policy, address: Address): boolean {
  return reachable.some((one) => formatAddress(one) === formatAddress(address));
}

function opensPort({ nodePorts }: Policy, { protocol, port }: Connection): boolean {
  return protocol === 'tcp' && nodePorts.includes(port);
}

function byRule(policy: Policy, connection: Connection, to: Kind): boolean {
  return policy.rules.some(
    (rule) =>
      names(rule.from, kindOf(policy, connection.from), connection.from) &&
      names(rule.to, to, connection.to) &&
      fits(rule, connection),
  );
}

function names(places: readonly string[], kind: Kind, address: Address): boolean {
  return places.some((place) => {
    const block = tryParseCidr(place);
    // A broad block means others than the nodes in it.
    if (block !== undefined)
      return containsAddress(block, address) && (kind !== 'node' || block.length === widthOf(block.family));
    if (place === 'any') return kind !== 'node';
    if (place === 'node' || place === 'nodes') return kind === 'node';
    return place === `${kind}s`;
  });
}

function fits({ protocol, ports }: Rule, connection: Connection): boolean {
  if (protocol !== 'any' && protocol !== connection.protocol) return false;
  if (ports.length === 0) return true;
  return ports.some((text) => {
    const [first = 0, last = first] = text.split('-').map(Number);
    return connection.port >= first && connection.port <= last;
  });
}
