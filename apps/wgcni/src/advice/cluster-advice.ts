/** PURE: what is wrong with a cluster, by what its cluster-managers say. */
import type { ClusterStatus, ShownReplica } from '../cluster-status.ts';
import { duration } from '../table.ts';
import { type Advice, attention, fault } from './advice.ts';

/** A pool with less than this share of its subnets free is worth a word, and so are the last few. */
const fewLeft = 0.1;

export function clusterAdvice(status: ClusterStatus): Advice[] {
  const { leader, managers, unanswered, nodes, pools } = status;
  const found: Advice[] = [];
  if (leader.leader === null)
    found.push(
      fault('nobody leads: nothing can be written', 'look whether two of three etcd members answer: wgcni doctor'),
    );
  if (leader.recovering)
    found.push(
      attention(
        'the store is recovering: only what nodes claim is granted',
        'wait three registration TTLs; then say again what was deleted or revoked since the backup',
      ),
    );
  if (managers.length === 1)
    found.push(
      attention('there is one cluster-manager', 'start a second: while the only one is away no node can register'),
    );
  for (const { url, why } of unanswered)
    found.push(
      fault(`the cluster-manager at ${url} does not answer: ${why}`, 'start it again, or name it no more in --manager'),
    );
  const versions = new Set(managers.map(({ version }) => version));
  if (versions.size > 1)
    found.push(
      attention(`cluster-managers are of different versions: ${[...versions].join(', ')}`, 'finish the upgrade'),
    );
  found.push(...managers.flatMap(certificateAdvice));
  const silent = nodes.filter(({ state }) => state === 'silent');
  if (silent.length * 2 > nodes.length)
    found.push(
      fault(
        `${silent.length} of ${nodes.length} nodes are silent: none is given up while it is so`,
        'look at what they have in common',
      ),
    );
  for (const { nodeId, silentSec } of silent)
    found.push(
      fault(
        `node ${nodeId} is silent, counted for ${duration(silentSec)}`,
        `bring it back, or release its subnets now: wgcni forget ${nodeId}`,
      ),
    );
  for (const { cidr, taken, subnets } of pools) {
    const left = Number(subnets) - taken;
    if (left > 0 && left > Number(subnets) * fewLeft) continue;
    const what =
      left === 0 ? `the pool ${cidr} is exhausted` : `the pool ${cidr} has ${left} of ${subnets} subnets left`;
    found.push((left === 0 ? fault : attention)(what, 'add a pool: wgcni pool add CIDR:LENGTH'));
  }
  return found;
}

function certificateAdvice({ replicaId, certificate }: ShownReplica): Advice[] {
  if (certificate === null || ('isExpiring' in certificate && !certificate.isExpiring)) return [];
  if ('unseen' in certificate)
    return [
      fault(`${replicaId} does not answer: ${certificate.unseen}`, 'look whether it runs and can be reached from here'),
    ];
  const { endsInSec } = certificate;
  const what = endsInSec > 0 ? `ends in ${duration(endsInSec)}` : 'has ended';
  return [
    (endsInSec > 0 ? attention : fault)(
      `the certificate of ${replicaId} ${what}, and nobody renewed it`,
      'look at its authority files and its log; restart it when they are as they should be',
    ),
  ];
}
