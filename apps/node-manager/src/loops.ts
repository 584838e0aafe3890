/** What runs while a node runs: registration, the watch of the store, and the reconcilers with what wakes them. */
import { messageOf } from '@wgcni/base';
import { keysOf, Reflector } from '@wgcni/store';
import type { Config } from './config.ts';
import { farSources } from './direct/far-containers.ts';
import { keepHost } from './host/host-keeper.ts';
import { leavingOf } from './host/plan-masquerade.ts';
import { meshNames } from './keys/device-names.ts';
import type { Parts } from './parts.ts';
import type { Ports } from './ports.ts';
import { policyOf } from './policy/policy-of.ts';
import { Reporter } from './report/reporter.ts';
import { ReconcileLoop } from './reconcile-loop.ts';
import { recordIdentity } from './registration/identity.ts';
import { ownUnderlay } from './registration/own-underlay.ts';
import { RegistrationSession, type SessionDeps } from './registration/session.ts';
import { lookRegularly } from './repair/regular-look.ts';
import { version } from './version.ts';
import { type Concern, concernsOf } from './view/concerns.ts';
import { type EntryMemory, readSnapshot } from './view/read-snapshot.ts';
import type { MeshSnapshot } from './view/snapshot.ts';
import { StoreFollower } from './view/store-follower.ts';

/** How often each thing is looked at without an event, in milliseconds (design §4.14). */
const periods = {
  readBack: 60_000,
  host: 5_000,
  direct: 2_000,
  clocks: 1_000,
  betweenKernelEvents: 300,
  betweenTableEvents: 300,
};

type Reconcilers = Record<Concern, ReconcileLoop>;

/** Runs everything until the signal aborts; a part that fails for a reason nobody foresaw ends the node. */
export async function runLoops(config: Config, ports: Ports, parts: Parts, signal: AbortSignal): Promise<void> {
  const reconcilers = makeReconcilers(config, ports, parts);
  const reporter = makeReporter(ports, parts);
  const session = makeSession(config, { ...ports, reporter }, parts, reconcilers);
  parts.direct.onChange(() => reconcilers.direct.trigger());
  parts.keeper.onChange(() => parts.publisher.changed());
  parts.mesh.onRenew(() => reconcilers.mesh.trigger());
  parts.keeper.onChange((view, before) => concernsOf(before, view).forEach((name) => reconcilers[name].trigger()));
  const useManagers = (): void => {
    ports.manager.useUrls(config.managers);
    parts.controlPlane.lookAgain();
  };
  ports.live?.onChange((changed) => {
    if (changed.includes('manager')) useManagers();
    // FENCE: what containers may reach is right before the first of them knows of it.
    reconcilers.host.trigger();
    reconcilers.mesh.trigger();
    // What this node tells of itself is compared with what it has told.
    parts.pulse.give();
  });
  // Whatever changed while the node was started.
  useManagers();
  await Promise.all([
    ...Object.values(reconcilers).map((loop) => loop.run(signal)),
    session.run(signal),
    reporter.run(signal),
    parts.attachments.run(signal),
    parts.paths.run(signal),
    parts.publisher.run(ports.manager, signal),
    parts.tunnels.run(signal),
    followStore({ config, ports, parts, session }, signal),
    // What follows a change of our own is mostly its echo: looked at later, it comes as one with the change after it.
    followKernel(ports, () => reconcilers.mesh.trigger(), {
      except: [],
      delayMs: () => periods.betweenKernelEvents - parts.mesh.sinceChangeMs,
      signal,
    }),
    // The underlay is not changed by a route to another node.
    followKernel(ports, () => parts.pulse.give(), { except: meshNames(config.nodeId), signal }),
    followTable(ports, reconcilers.host, signal),
    parts.controlPlane.run(signal, () => {
      reconcilers.host.trigger();
      // Where a manager is now, an offered route may lead.
      reconcilers.mesh.trigger();
    }),
    lookRegularly({ ...ports, ...parts }, reconcilers, signal),
    watchClocks(ports, parts, session, signal),
  ]);
}

/** Makes the host right by what is known now; ADD is not served before its packet filter was set with the network known. */
export async function keepOwnHost(
  config: Config,
  ports: Ports,
  { keeper, controlPlane: servers, policy, host, hostRepairs, meters }: Parts,
): Promise<void> {
  const { pools, clientPools = [] } = keeper.nodeView ?? {};
  const { containersReachControlPlane: isReached } = config;
  const controlPlane = isReached ? undefined : servers.controlPlane;
  try {
    const leaving = leavingOf(keeper.view, config);
    const known = {
      pools: () => pools ?? [],
      clientPools: () => clientPools,
      leaving: () => leaving,
      farSources: () => farSources(keeper.view),
    };
    const keepPolicy = async (): Promise<void> => {
      const wanted = policyOf(keeper.view, isReached ? servers.controlPlane.ports : []);
      // Before the network is known, what an earlier run left stays.
      if (wanted !== undefined) await policy.keep(wanted);
    };
    const differed = (count: number): void => meters.differed('host', count);
    await keepHost({ ...config, ...ports, controlPlane, ...known, keepPolicy, hostRepairs, differed }, () => {
      if (pools !== undefined) host.isKept = true;
    });
  } catch (error) {
    host.failure = messageOf(error);
    throw error;
  }
}

function makeReconcilers(config: Config, ports: Ports, parts: Parts): Reconcilers {
  const { keeper, attachments, mesh, paths, direct, meters } = parts;
  const loop = (name: string, readBackMs: number, reconcile: () => Promise<void>): ReconcileLoop =>
    new ReconcileLoop({ ...ports, name, readBackMs, reconcile });
  return {
    mesh: loop('mesh', periods.readBack, async () => {
      await meters.timed('mesh', () => mesh.reconcile());
      paths.trigger();
    }),
    pods: loop('pods', periods.readBack, async () => {
      const view = keeper.attachmentsView;
      if (view !== undefined) await attachments.setView(view);
      // Who lost its subnet is nobody's direct peer any more.
      direct.changed();
    }),
    direct: loop('direct', periods.direct, () => meters.timed('direct', () => direct.reconcile())),
    host: loop('host', periods.host, () => meters.timed('host', () => keepOwnHost(config, ports, parts))),
  };
}

function makeReporter(ports: Ports, parts: Parts): Reporter {
  const { identity, tunnels, attachments, paths, host, board, judgement, repairs } = parts;
  return new Reporter({
    ...{ ...ports, ...identity },
    isRegistered: () => board.standing.kind === 'registered',
    look: () => {
      const problems = [judgement().refusal?.message, host.failure, paths.problem, tunnels.problem];
      const contested = repairs.contested.map((what) => `somebody else keeps changing ${what}`);
      return {
        ...{ version, tunnels: tunnels.tunnels },
        ...{ attachments: attachments.list(), addresses: attachments.addressUse() },
        problems: [...problems.filter((problem) => typeof problem === 'string'), ...contested],
      };
    },
  });
}

function makeSession(
  config: Config,
  ports: Ports & Pick<SessionDeps, 'reporter'>,
  parts: Parts,
  reconcilers: Reconcilers,
): RegistrationSession {
  const { keeper, mesh } = parts;
  let { identity } = parts;
  return new RegistrationSession({
    ...ports,
    ...parts,
    nodeId: identity.nodeId,
    instance: identity.instance,
    version,
    takeOver: config.takeOver,
    publicKey: mesh.publicKey,
    offers: () => config.offers,
    findUnderlay: () => ownUnderlay(config, keeper, ports.iproute),
    // ORDER: the pods device first, then the mesh: only then nothing of a lost subnet is in the kernel.
    settle: async () => {
      await reconcilers.pods.settled();
      await reconcilers.mesh.settled();
    },
    life: identity,
    recordLife: (change) => {
      identity = { ...identity, ...change };
      return recordIdentity(config.dataDir, identity);
    },
  });
}

interface Following {
  config: Config;
  ports: Ports;
  parts: Parts;
  session: RegistrationSession;
}

/** Takes every change of `mesh/` into the view. */
async function followStore({ config, ports, parts, session }: Following, signal: AbortSignal): Promise<void> {
  const keys = keysOf(config.cluster);
  const reflector = new Reflector({ ...ports, prefix: keys.mesh });
  const onAccepted = (snapshot: MeshSnapshot, isOwnRecordRight: boolean): void => {
    // A drain, or the end of one, is told of in a renewal's answer.
    const isDrainNews = snapshot.draining.includes(parts.identity.nodeId) !== parts.board.isDraining;
    if (!isOwnRecordRight || isDrainNews) session.renewSoon();
  };
  const follower = new StoreFollower({ ...ports, keeper: parts.keeper, onAccepted });
  const memory: EntryMemory = new WeakMap();
  await Promise.all([
    follower.run(signal),
    reflector.run(signal, ({ revision }) =>
      follower.take(readSnapshot(reflector.items.values(), revision, keys, memory)),
    ),
  ]);
}

interface KernelFollowing {
  /** Links of which nothing is told. */
  except: readonly string[];
  /** How long the wake-up waits, in milliseconds; none when not positive. */
  delayMs?: () => number;
  signal: AbortSignal;
}

async function followKernel(
  { iproute, clock }: Ports,
  wake: () => void,
  { except, delayMs = () => 0, signal }: KernelFollowing,
): Promise<void> {
  for await (const _ of iproute.changes(signal, except)) {
    const ms = delayMs();
    if (ms > 0) await clock.sleep(ms, signal);
    wake();
    // Everything that changes meanwhile comes as one.
    await clock.sleep(periods.betweenKernelEvents, signal);
  }
}

/** What somebody does to the policy's table is undone at once; what no event tells of, by the next look. */
async function followTable({ policyTable, clock }: Ports, loop: ReconcileLoop, signal: AbortSignal): Promise<void> {
  for await (const _ of policyTable.changes(signal)) {
    loop.trigger();
    await clock.sleep(periods.betweenTableEvents, signal);
  }
}

/** What the cluster thinks of a node whose process or machine stood still, or whose clocks went back, is asked at once. */
async function watchClocks(
  { clock }: Ports,
  { contact }: Parts,
  session: RegistrationSession,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    if (await contact.watch()) session.renewSoon();
    await clock.sleep(periods.clocks, signal);
  }
}
