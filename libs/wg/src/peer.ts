/** A WireGuard peer as configured, and the changes that lead from one set to another. */
import type { PublicKey } from './key.ts';

export interface Peer {
  publicKey: PublicKey;
  /** `address:port`, IPv6 in brackets; undefined for a peer that dials in. */
  endpoint: string | undefined;
  /** Canonical CIDRs, sorted. */
  allowedIps: readonly string[];
  /** Seconds; 0 is off. */
  keepaliveSec: number;
}

export type PeerChange =
  | { kind: 'add'; peer: Peer }
  | { kind: 'remove'; publicKey: PublicKey }
  | { kind: 'update'; publicKey: PublicKey; endpoint?: string; allowedIps?: readonly string[]; keepaliveSec?: number };
