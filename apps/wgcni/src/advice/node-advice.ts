/** PURE: what is wrong with a node, by what it says of itself. */
import type { NodeStatus } from '@wgcni/api';
import { duration } from '../table.ts';
import { type Advice, attention, fault } from './advice.ts';

/** Seconds after which a peer that has a keepalive should have shaken hands again: WireGuard does so every two minutes. */
const staleHandshakeSec = 180;

const readinessRemedies: Record<NodeStatus['readiness'], string> = {
  ready: '',
  starting: 'wait; if it stays so, look into its log',
  'no-grant': 'look whether a cluster-manager leads (wgcni status) and whether a pool has room (wgcni subnets)',
  fenced: 'bring the cluster-managers and etcd back; running containers go on',
  draining: 'wgcni undrain NODE, if it is to take attachments again',
  deleted: 'start its node-manager with --take-over and a new token, if it is to come back',
  duplicate: 'another machine has this node id: give one of them another --node-id',
};

/** In the order in which a person would look. */
export function nodeAdvice(status: NodeStatus): Advice[] {
  return [
    ...standing(status),
    ...tunnels(status),
    ...kernel(status),
    ...room(status),
    ...status.quarantined.map((key) =>
      fault(
        `the record ${key} cannot be read; its last good state stays`,
        'upgrade this node, or write the record anew',
      ),
    ),
    ...certificates(status),
    ...(status.queuedDeletions > 0
      ? [
          attention(
            `${status.queuedDeletions} deletions wait in the queue`,
            'they are replayed every 10 s; if they stay, look into the log',
          ),
        ]
      : []),
  ];
}

function standing({ readiness, reason, isRegistered, isViewStored, contactAgeSec }: NodeStatus): Advice[] {
  const found: Advice[] = [];
  if (readiness !== 'ready')
    found.push(fault(`takes no new containers: ${reason ?? readiness}`, readinessRemedies[readiness]));
  else if (!isRegistered)
    found.push(
      attention(
        `is not registered; last contact ${duration(contactAgeSec)} ago`,
        'look whether a cluster-manager can be reached: wgcni doctor',
      ),
    );
  if (isViewStored)
    found.push(attention('works from the view on disk', 'look whether etcd can be reached: wgcni doctor'));
  return found;
}

function tunnels({ peers, paths, pathsProblem, tunnels: known, tunnelsProblem }: NodeStatus): Advice[] {
  const broken = known.filter(({ state }) => state === 'broken');
  // Of a tunnel that is asked inside, that says more than its handshakes.
  const judged = new Set(known.filter(({ state }) => state !== 'unknown').map(({ peer }) => peer));
  const silent = peers.filter(
    ({ nodeId, state, handshakeAgeSec }) =>
      state === 'programmed' &&
      !judged.has(nodeId ?? '') &&
      (handshakeAgeSec === null || handshakeAgeSec > staleHandshakeSec),
  );
  const small = paths.filter(({ carries, needs }) => carries !== null && carries < needs);
  return [
    ...broken.map(({ peer, sinceSec, cause, attempts, isAlarm }) =>
      fault(
        `the tunnel to ${peer} is broken for ${duration(sinceSec)}${cause === null ? '' : `: ${cause}`}`,
        isAlarm
          ? `its peer was written anew ${attempts} times, which did not help: look at that node and the network between`
          : 'it is being repaired; if it stays, wgcni events --kind tunnel says what to look at',
      ),
    ),
    ...silent.map(({ nodeId, publicKey, endpoint, handshakeAgeSec }) =>
      fault(
        `no tunnel to ${nodeId ?? publicKey}${handshakeAgeSec === null ? '' : ` for ${duration(handshakeAgeSec)}`}`,
        endpoint === null
          ? 'it has no endpoint: give it --endpoint'
          : `let UDP pass to ${endpoint}, and look whether that node runs`,
      ),
    ),
    ...peers
      .filter(({ state, unaccounted }) => state === 'unaccounted' || unaccounted.length > 0)
      .map(({ nodeId, publicKey }) =>
        attention(
          `${nodeId ?? publicKey} is missing from the store without a word of why, and kept`,
          'if the store was restored, its node registers again by itself; else wgcni delete or forget it by name',
        ),
      ),
    ...small.map(({ nodeId, endpoint, carries, needs }) =>
      fault(
        `the path to ${nodeId} (${endpoint}) carries ${carries} bytes and the mesh needs ${needs}`,
        `wgcni network set --mtu ${(carries ?? 0) - 80}, or widen that path`,
      ),
    ),
    ...(pathsProblem === null ? [] : [attention('paths are not tried', pathsProblem)]),
    ...(tunnelsProblem === null ? [] : [attention('tunnels are not asked', tunnelsProblem)]),
  ];
}

function kernel({ drift, contested, mtu, attachments }: NodeStatus): Advice[] {
  const found = drift.map((line) =>
    attention(
      `the kernel differs: ${line}`,
      'it is mended within seconds; if it stays, somebody else changes it: wgcni events',
    ),
  );
  for (const what of contested)
    found.push(
      fault(
        `${what} is changed by somebody else again and again`,
        'find who else manages this host: another CNI, a firewall manager, wg-quick, a script; wgcni events --kind repair',
      ),
    );
  if (mtu.problem !== null)
    found.push(
      fault(mtu.problem, 'lower the MTU of the network (wgcni network set --mtu), or raise that of the underlay'),
    );
  for (const { containerId, why } of mtu.waiting)
    found.push(attention(`${containerId} still has another MTU: ${why}`, 'restart that container'));
  if (attachments.orphaned > 0)
    found.push(
      fault(
        `${attachments.orphaned} containers have addresses that this node may not use any more`,
        'restart them: they get new addresses',
      ),
    );
  return found;
}

function room({ addresses }: NodeStatus): Advice[] {
  return addresses
    .filter(({ free, taken }) => Number(free) < Math.max(8, taken / 10))
    .map(({ subnet, free }) =>
      attention(
        `${free} addresses are left in ${subnet}`,
        'start further containers on other nodes: a node has one subnet of each family',
      ),
    );
}

function certificates({ certificates: all }: NodeStatus): Advice[] {
  return all
    .filter(({ isExpiring }) => isExpiring)
    .map(({ use, endsInSec }) =>
      (endsInSec > 0 ? attention : fault)(
        `its certificate for ${use === 'tls' ? 'cluster-managers' : 'etcd'} ${endsInSec > 0 ? `ends in ${duration(endsInSec)}` : 'has ended'}, and nobody renewed it`,
        'a node that joined by a token renews by itself (look into its log); else issue it again',
      ),
    );
}
