/** Allowed IPs as WireGuard understands them: in one device each CIDR belongs to at most one peer. */
import { formatCidr, parseCidr } from '@wgcni/ipam';
import type { PublicKey } from './key.ts';
import type { Peer } from './peer.ts';

/** Canonical, sorted, each once. Throws CatalogueError `request.invalid` naming the text that is no CIDR. */
export function canonicalAllowedIps(cidrs: readonly string[], field = 'allowedIps'): string[] {
  return [...new Set(cidrs.map((cidr) => formatCidr(parseCidr(cidr, field))))].sort();
}

/** Whether two canonical lists name the same blocks. */
export function sameAllowedIps(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((cidr, index) => cidr === other[index]);
}

/** Which peer holds each CIDR. */
export function holdersOf(peers: readonly Peer[]): Map<string, PublicKey> {
  return new Map(peers.flatMap((peer) => peer.allowedIps.map((cidr) => [cidr, peer.publicKey] as const)));
}

/** CIDRs that more than one of `peers` claims: WireGuard would give each silently to the one written last. */
export function contestedAllowedIps(peers: readonly Peer[]): Map<string, PublicKey[]> {
  const claims = new Map<string, PublicKey[]>();
  for (const peer of peers) {
    for (const cidr of new Set(peer.allowedIps)) claims.set(cidr, [...(claims.get(cidr) ?? []), peer.publicKey]);
  }
  return new Map([...claims].filter(([, keys]) => keys.length > 1));
}

/**
 * The same peers with every contested CIDR left to one of them: to its present holder if that still claims it, else to the
 * first claimant, so that a plan made twice does not move it to and fro.
 */
export function settleContested(peers: readonly Peer[], holders: ReadonlyMap<string, PublicKey>): Peer[] {
  const contested = contestedAllowedIps(peers);
  const winner = (cidr: string): PublicKey | undefined => {
    const claimants = contested.get(cidr);
    return claimants?.find((key) => key === holders.get(cidr)) ?? claimants?.[0];
  };
  return peers.map((peer) => ({
    ...peer,
    allowedIps: peer.allowedIps.filter((cidr) => !contested.has(cidr) || winner(cidr) === peer.publicKey),
  }));
}
