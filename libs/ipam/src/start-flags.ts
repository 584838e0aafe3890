/** Whether a cluster-manager's start flags are contained in the stored network, which may have grown since (design §5). */
import { sameCidr } from './cidr.ts';
import { formatPool, type Pool } from './pool.ts';

/** What the flags say; what no flag names is whatever the network says. */
export interface StartFlags {
  pools?: readonly Pool[] | undefined;
  /** Canonical CIDR text. */
  clientPools?: readonly string[] | undefined;
  /** Bytes. */
  mtu?: number | undefined;
  keepaliveSec?: number | undefined;
  registrationTtlSec?: number | undefined;
  holdDownSec?: number | undefined;
}

/** What etcd holds of the same. */
export type StoredPlan = { readonly [Name in keyof StartFlags]-?: NonNullable<StartFlags[Name]> };

export interface Difference {
  /** The flag as the user writes it. */
  flag: string;
  given: string;
  stored: string;
}

export type Containment = { kind: 'contained' } | { kind: 'differs'; differences: Difference[] };

const scalarFlags = {
  mtu: '--mtu',
  keepaliveSec: '--keepalive',
  registrationTtlSec: '--registration-ttl',
  holdDownSec: '--hold-down',
} as const;

/** Every given pool must be a stored one of the same subnet length, every client pool a stored one, every other given value equal; the union names all that differs. */
export function isContained(flags: StartFlags, stored: StoredPlan): Containment {
  const pools = (flags.pools ?? [])
    .filter((pool) => !stored.pools.some((other) => isSamePool(pool, other)))
    .map((pool) => ({ flag: '--pool', given: formatPool(pool), stored: stored.pools.map(formatPool).join(', ') }));
  const clientPools = (flags.clientPools ?? [])
    .filter((cidr) => !stored.clientPools.includes(cidr))
    .map((given) => ({ flag: '--client-pool', given, stored: stored.clientPools.join(', ') || 'none' }));
  const scalars = (Object.keys(scalarFlags) as (keyof typeof scalarFlags)[]).flatMap((name) => {
    const given = flags[name];
    if (given === undefined || given === stored[name]) return [];
    return [{ flag: scalarFlags[name], given: String(given), stored: String(stored[name]) }];
  });
  const differences = [...pools, ...clientPools, ...scalars];
  return differences.length === 0 ? { kind: 'contained' } : { kind: 'differs', differences };
}

function isSamePool(one: Pool, other: Pool): boolean {
  return one.prefixLength === other.prefixLength && sameCidr(one.cidr, other.cidr);
}
