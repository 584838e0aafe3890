/** Issues a node's certificate: to whom is decided before. */
import type { Certificate } from '@wgcni/api';
import { CatalogueError, type Clock, type Log } from '@wgcni/base';
import type { IssuingAuthority } from '@wgcni/pki/authority';
import type { KeyObject } from 'node:crypto';
import type { ClusterState } from '../state/cluster-state.ts';

/** So many hold-downs a certificate lives: whoever was away for longer has lost its subnets long before. */
export const livesHoldDowns = 7;
const shortestLifeMs = 3_600_000;

export interface IssueDeps {
  authority: IssuingAuthority | undefined;
  state: ClusterState;
  cluster: string;
  clock: Clock;
  log: Log;
}

/** Throws CatalogueError `authority.absent` when this cluster-manager issues none, `network.absent` before there is a network. */
export async function issue(
  deps: IssueDeps,
  nodeId: string,
  { publicKey, by }: { publicKey: KeyObject; by: string },
): Promise<Certificate> {
  const { cluster, clock, log } = deps;
  const issuing = issuingAuthority(deps);
  const lifeMs = certificateLifeMs(deps.state);
  const issued = await issuing.issue({ kind: 'node', cluster, nodeId }, publicKey, lifeMs);
  log.info({ nodeId, by, validTo: new Date(clock.wallMs() + lifeMs).toISOString() }, 'certificate.issued');
  return issued;
}

/** Throws CatalogueError `authority.absent`. */
export function issuingAuthority({ authority }: Pick<IssueDeps, 'authority'>): IssuingAuthority {
  if (authority !== undefined) return authority;
  throw new CatalogueError('authority.absent', 'this cluster-manager issues no certificates', {
    remedy: 'start it with --authority-cert and --authority-key, or have certificates issued by your own PKI',
  });
}

/** Milliseconds that a node's certificate lives. Throws CatalogueError `network.absent`. */
export function certificateLifeMs(state: ClusterState): number {
  return Math.max(shortestLifeMs, state.theNetwork().record.holdDownSec * 1_000 * livesHoldDowns);
}
