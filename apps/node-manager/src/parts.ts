/** The parts of one node, opened over the ports: what they read from disk is read, nothing is changed yet. */
import { EventRing } from '@wgcni/api/server';
import { privateDirectory } from '@wgcni/base';
import type { WgDevices } from '@wgcni/wg';
import { Attachments } from './attachments/index.ts';
import type { Config } from './config.ts';
import { ControlPlaneKeeper } from './control-plane/control-plane-keeper.ts';
import { HostRepairs } from './host/host-repairs.ts';
import { keepNodeKey } from './keys/node-key.ts';
import { openDirect } from './direct/direct-parts.ts';
import type { DirectPeers } from './direct/direct-peers.ts';
import type { ContainersPublisher } from './direct/publisher.ts';
import { MeshDevice, meshRef } from './mesh/mesh-device.ts';
import { meshDevice, podsDevice } from './node-view.ts';
import { podsRef } from './pods/pods-device.ts';
import { PathKeeper } from './paths/path-keeper.ts';
import type { HostPorts } from './ports.ts';
import { PolicyKeeper } from './policy/policy-keeper.ts';
import { Pulse } from './pulse.ts';
import { NodeMeters, type Reconciler } from './status/node-meters.ts';
import { RestartWatch } from './status/restart-watch.ts';
import { ContactKeeper } from './registration/contact-keeper.ts';
import { type Identity, keepIdentity, recordIdentity } from './registration/identity.ts';
import { instantReader } from './registration/instant.ts';
import { RepairBook } from './repair/repair-book.ts';
import { judge, type Judgement, type StandingBoard, standingAtStart } from './registration/standing.ts';
import { TunnelKeeper } from './tunnels/tunnel-keeper.ts';
import { ViewKeeper } from './view/view-keeper.ts';

export interface Parts {
  identity: Identity;
  keeper: ViewKeeper;
  contact: ContactKeeper;
  board: StandingBoard;
  /** Where etcd and the cluster-managers are. */
  controlPlane: ControlPlaneKeeper;
  /** Wakes the registration. */
  pulse: Pulse;
  mesh: MeshDevice;
  attachments: Attachments;
  /** Who may reach whom. */
  policy: PolicyKeeper;
  /** What is known of the ways to the peers. */
  paths: PathKeeper;
  /** Which tunnels to other nodes carry packets. */
  tunnels: TunnelKeeper;
  /** The containers' peers of each other. */
  direct: DirectPeers;
  /** What other nodes are told of the containers. */
  publisher: ContainersPublisher;
  /** Whether the packet filter was set since the network is known, and why the last try failed if one did. */
  host: { isKept: boolean; failure: string | undefined };
  /** What of the host somebody else changed. */
  hostRepairs: HostRepairs;
  /** What happened lately. */
  events: EventRing;
  /** What somebody else changed, and what of it again and again. */
  repairs: RepairBook;
  /** What it has done so far. */
  meters: NodeMeters;
  /** Whether ADD is served at this instant. */
  judgement: () => Judgement;
}

/** Throws CatalogueError `config.invalid` when something on disk belongs to another node or cannot be read. */
export async function openParts(config: Config, ports: HostPorts): Promise<Parts> {
  await privateDirectory(config.dataDir);
  const identity = await ownIdentity(config, ports);
  const events = new EventRing(ports);
  const repairs = new RepairBook({ events, clock: ports.clock });
  const { keeper, contact } = await openKeepers(config, ports);
  const controlPlane = await ControlPlaneKeeper.open({
    ...ports,
    ...config,
    urls: () => [...config.etcd, ...config.managers],
  });
  const board: StandingBoard = {
    standing: standingAtStart(identity),
    isDraining: keeper.view.isDraining ?? false,
  };
  const judgement = (): Judgement => {
    const fenceReason = (holdDownMs: number): string | undefined => contact.fenceReason(holdDownMs);
    const { isAccounted } = attachments;
    return judge({
      ...board,
      view: keeper.view,
      isAccounted,
      isHostKept: host.isKept,
      hostFailure: host.failure,
      fenceReason,
    });
  };
  const host: Parts['host'] = { isKept: false, failure: undefined };
  const pulse = new Pulse();
  const meters = new NodeMeters(ports.clock);
  const devices = await openDevices(
    config,
    { ...ports, repairs },
    { identity, board, keeper, controlPlane, judgement, pulse, meters },
  );
  const { mesh, attachments } = devices;
  const paths = new PathKeeper({
    ...ports,
    probe: ports.pathProbe,
    view: () => keeper.view,
    peers: async () => (await mesh.observe())?.peers ?? [],
  });
  const tunnels = new TunnelKeeper({
    ...ports,
    ...{ events, probe: ports.tunnelProbe, view: () => keeper.view, look: mesh.look },
    renew: (keys) => mesh.renew(keys),
  });
  const hostRepairs = new HostRepairs(repairs);
  const policy = new PolicyKeeper({
    ...ports,
    onRestored: () => hostRepairs.policyRestored(),
    differed: (count) => meters.differed('host', count),
  });
  return {
    identity,
    keeper,
    contact,
    board,
    controlPlane,
    pulse,
    ...devices,
    paths,
    tunnels,
    policy,
    host,
    hostRepairs,
    events,
    repairs,
    meters,
    judgement,
  };
}

/** Starting with --take-over is how a deleted or superseded instance is told to join again. */
async function ownIdentity({ dataDir, nodeId, takeOver }: Config, { random, log }: HostPorts): Promise<Identity> {
  const identity = await keepIdentity(dataDir, nodeId, random);
  if ((!identity.isDeleted && !identity.isSuperseded) || !takeOver) return identity;
  const revived = { ...identity, isDeleted: false, isSuperseded: false };
  await recordIdentity(dataDir, revived);
  log.warn({ nodeId }, 'node.joins-again');
  return revived;
}

async function openKeepers(
  { dataDir, nodeId }: Config,
  { iproute, clock, uptimeMs, readBootId, log }: HostPorts,
): Promise<{ keeper: ViewKeeper; contact: ContactKeeper }> {
  const keeper = new ViewKeeper({ dataDir, nodeId, observe: () => iproute.observe(undefined), log });
  await keeper.load();
  const contact = new ContactKeeper({ dataDir, now: instantReader(clock, await readBootId(), uptimeMs), log });
  await contact.load();
  return { keeper, contact };
}

type Opened = Pick<Parts, 'identity' | 'board' | 'keeper' | 'controlPlane' | 'judgement' | 'pulse' | 'meters'>;

async function openDevices(
  config: Config,
  host: HostPorts & { repairs: RepairBook },
  { identity, board, keeper, controlPlane, judgement, pulse, meters }: Opened,
): Promise<Pick<Parts, 'mesh' | 'attachments' | 'direct' | 'publisher'>> {
  const { nodeId, meshPort } = config;
  const ports: HostPorts & { repairs: RepairBook } = { ...host, devices: watched(host.devices, meters) };
  const differed =
    (reconciler: Reconciler) =>
    (count: number): void =>
      meters.differed(reconciler, count);
  const [meshKey, podsKey] = [
    await keepNodeKey({ ...ports, dataDir: config.dataDir }, 'mesh', meshRef(nodeId)),
    await keepNodeKey({ ...ports, dataDir: config.dataDir }, 'pods', podsRef(nodeId)),
  ];
  const mesh = new MeshDevice(
    { ...ports, differed: differed('mesh') },
    {
      ref: meshRef(nodeId),
      key: meshKey,
      listenPort: meshPort,
      view: () => keeper.view,
      servers: () => controlPlane.controlPlane.endpoints.map(({ address }) => address),
      forgetDeparted: (keys) => keeper.forgetDeparted(keys),
    },
  );
  const { direct, publisher } = openDirect(
    { ...ports, differed: differed('direct') },
    {
      ...{ identity, node: podsKey.publicKey, keeper, board },
      devices: () => attachments.directDevices(),
      dialled: () => mesh.dialled,
    },
  );
  const attachments = await Attachments.open({
    ...ports,
    ...config,
    podsKey,
    reservedKeys: [meshKey.publicKey],
    admission: { refusal: () => judgement().refusal },
    onEmpty: () => pulse.give(),
    neighbours: direct,
    timed: (work) => meters.timed('pods', work),
    differed: differed('pods'),
  });
  return { mesh, attachments, direct, publisher };
}

/** The kernel's devices end with nobody's process. */
function watched(devices: WgDevices, meters: NodeMeters): WgDevices {
  if (devices.backend === 'kernel') return devices;
  const roles: Record<string, 'mesh' | 'pods'> = { [meshDevice]: 'mesh', [podsDevice]: 'pods' };
  return new RestartWatch(devices, ({ name }) => meters.restarted(roles[name] ?? 'container'));
}
