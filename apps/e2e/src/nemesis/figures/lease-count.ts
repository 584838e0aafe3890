/** How many leases etcd has, and what hangs on them. */
import { keysOf, type Store } from '@wgcni/store';
import { etcdctlFlags, type Lab } from '@wgcni/testing';
import { execa } from 'execa';

export interface LeaseCount {
  all: number;
  /** Those of tombstones: they stay for seven days by design. */
  tombstones: number;
  /** Those that no key is bound to: of candidates that do not lead, or left over. */
  idle: number;
}

/** Counts while nothing changes: the two readings are not of one revision. */
export async function countLeases({ plan, programs }: Lab, store: Store): Promise<LeaseCount> {
  const keys = keysOf(plan.cluster);
  const { items } = await store.range(keys.root);
  const bound = new Set(items.map(({ lease }) => lease).filter((lease) => lease !== '0'));
  const tombstones = items.filter(({ key }) => key.startsWith(keys.gone)).length;
  const endpoints = plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
  const args = [...etcdctlFlags(plan), '--endpoints', endpoints, 'lease', 'list'];
  const { stdout } = await execa(programs.etcdctl, args, { env: { ETCDCTL_API: '3' } });
  // The first line says how many there are; the others are hexadecimal ids.
  const listed = stdout
    .split('\n')
    .slice(1)
    .map((id) => BigInt(`0x${id.trim()}`).toString());
  return { all: listed.length, tombstones, idle: listed.filter((lease) => !bound.has(lease)).length };
}
