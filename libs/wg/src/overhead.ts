/** What WireGuard adds to a packet on the underlay. */
import type { Family } from '@wgcni/ipam';

/** Bytes in front of and behind a packet of the tunnel, by the family of the endpoint: outer header 20 or 40, UDP 8, WireGuard 32. */
export const tunnelOverhead: Readonly<Record<Family, number>> = { 4: 60, 6: 80 };
