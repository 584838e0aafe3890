/** What the node says of itself, read from the parts that know. */
import type { NodeStatus } from '@wgcni/api';
import { type Clock, messageOf } from '@wgcni/base';
import { type CredentialSource, livesOf } from '@wgcni/pki';
import type { Attachments } from '../attachments/index.ts';
import type { DirectPeers } from '../direct/direct-peers.ts';
import type { ContainersPublisher } from '../direct/publisher.ts';
import type { MeshDevice } from '../mesh/mesh-device.ts';
import type { PathKeeper } from '../paths/path-keeper.ts';
import type { PolicyKeeper } from '../policy/policy-keeper.ts';
import type { ContactKeeper } from '../registration/contact-keeper.ts';
import type { Underlay } from '../registration/endpoints.ts';
import type { RepairBook } from '../repair/repair-book.ts';
import type { Judgement, Standing } from '../registration/standing.ts';
import type { TunnelKeeper } from '../tunnels/tunnel-keeper.ts';
import { withHandshakes } from '../tunnels/known-handshakes.ts';
import type { ViewKeeper } from '../view/view-keeper.ts';
import { certificateStatus } from './certificate-status.ts';
import { clientStatus } from './client-status.ts';
import { mtuStatus } from './mtu-status.ts';
import { peerStatus } from './peer-status.ts';

/** A look at the device that is not older tells how it is now. */
const freshMs = 1_000;

export interface StatusSources {
  nodeId: string;
  version: string;
  backend: string;
  keeper: ViewKeeper;
  contact: ContactKeeper;
  mesh: Pick<MeshDevice, 'look' | 'drift' | 'publicKey'>;
  attachments: Pick<Attachments, 'counts' | 'addressUse' | 'queuedDeletions' | 'quarantined' | 'waitingForMtu'>;
  paths: Pick<PathKeeper, 'paths' | 'problem'>;
  tunnels: Pick<TunnelKeeper, 'tunnels' | 'handshakes' | 'problem' | 'turnSec'>;
  policy: Pick<PolicyKeeper, 'status'>;
  underlay: () => Promise<Underlay>;
  direct: Pick<DirectPeers, 'status'>;
  publisher: Pick<ContainersPublisher, 'status'>;
  repairs: Pick<RepairBook, 'contested'>;
  standing: () => Standing;
  judgement: () => Judgement;
  clock: Pick<Clock, 'wallMs'>;
  credentials?: CredentialSource | undefined;
  etcdCredentials?: CredentialSource | undefined;
}

/** The node's status at this instant; what the kernel would not tell stands in `drift`. */
export async function readStatus(sources: StatusSources): Promise<NodeStatus> {
  const { keeper, contact, mesh, attachments, paths, tunnels } = sources;
  const [drift, underlay] = await Promise.all([driftOf(mesh), orUndefined(sources.underlay())]);
  // What the drift was told from, unless it could not be.
  const device = await orUndefined(mesh.look.within(freshMs));
  const { network, nodes, clients = [], revision } = keeper.view;
  const { readiness, refusal } = sources.judgement();
  const direct = { ...sources.direct.status(), ...sources.publisher.status() };
  const ageMs = contact.ageMs();
  const shownClients = clientStatus(keeper.view, device?.peers ?? [], sources.clock.wallMs());
  const clientKeys = new Set(clients.map(({ publicKey }) => publicKey));
  const nodePeers = (device?.peers ?? []).filter(({ publicKey }) => !clientKeys.has(publicKey));
  return {
    nodeId: sources.nodeId,
    version: sources.version,
    readiness,
    reason:
      refusal === undefined ? null : [refusal.message, refusal.remedy].filter((text) => text !== undefined).join(': '),
    networkId: network?.networkId ?? null,
    subnets: (keeper.nodeView?.grants.length ?? 0) === 0 ? [] : keeper.view.grants.map(({ cidr }) => cidr),
    publicKey: mesh.publicKey,
    backend: sources.backend,
    isRegistered: sources.standing().kind === 'registered',
    isViewStored: keeper.isStored,
    contactAgeSec: ageMs === undefined ? null : Math.round(ageMs / 1_000),
    meshRevision: revision,
    attachments: attachments.counts(),
    direct,
    addresses: attachments.addressUse(),
    quarantined: [...keeper.quarantined, ...attachments.quarantined],
    drift: [...drift, ...directDrift(direct.due)],
    contested: sources.repairs.contested,
    peers: peerStatus(nodes, withHandshakes(nodePeers, { nodes }, tunnels.handshakes), sources.clock.wallMs()),
    clients: shownClients,
    mtu: mtuStatus(network?.mtu ?? null, underlay?.kind === 'found' ? underlay.mtu : null, attachments.waitingForMtu()),
    paths: [...paths.paths],
    pathsProblem: paths.problem,
    tunnels: tunnels.tunnels,
    tunnelsProblem: tunnels.problem,
    tunnelTurnSec: tunnels.turnSec,
    policy: await sources.policy.status(),
    queuedDeletions: await attachments.queuedDeletions(),
    certificates: certificateStatus(
      livesOf({ tls: sources.credentials, etcd: sources.etcdCredentials }),
      sources.clock.wallMs(),
    ),
  };
}

async function driftOf(mesh: StatusSources['mesh']): Promise<string[]> {
  try {
    return await mesh.drift();
  } catch (error) {
    return [`the kernel could not be read: ${messageOf(error)}`];
  }
}

/** What two containers send each other goes by the node until they are direct peers: nothing is broken meanwhile. Those of other nodes may never meet. */
function directDrift(due: number): string[] {
  return due === 0 ? [] : [`${due} pairs of containers are not direct peers yet`];
}

/** What cannot be read is shown as missing; the reason stands in the drift. */
async function orUndefined<T>(reading: Promise<T | undefined>): Promise<T | undefined> {
  return reading.catch(() => undefined);
}
