/** Carries out one planned event on the world as it is at that instant. */
import { CatalogueError } from '@wgcni/base';
import { CompactedError, type MemoryBackend } from '@wgcni/store';
import { type ManagerRequest, subjectOf } from './manager-api.ts';
import type { NodeMachine } from './node-machine.ts';
import type { EventKind, PlannedEvent } from './plan.ts';
import type { ReplicaProcess } from './replica-process.ts';
import type { World } from './world.ts';

type Of<K extends EventKind> = Extract<PlannedEvent, { kind: K }>;
type Deeds = { [K in EventKind]: (world: World, event: Of<K>) => void };

/** A store is told of a snapshot when it is taken; the event itself comes later. */
export function scheduleEvent(world: World, event: PlannedEvent): void {
  const { timeline, note } = world;
  let snapshot: (() => void) | undefined;
  if (event.kind === 'restore')
    timeline.after(event.snapshotAtMs, () => (snapshot = world.server.as('setup', (backend) => backend.snapshot())));
  timeline.after(event.atMs, () => {
    note('plan', event.kind, event);
    if (event.kind === 'restore') restore(world, snapshot);
    else (deeds[event.kind] as (world: World, event: PlannedEvent) => void)(world, event);
  });
}

const deeds: Omit<Deeds, 'restore'> = {
  'crash-replica': (world, { target, forMs, when }) => {
    const victim = replicaOf(world, target);
    const { actor } = victim;
    const crash = (): void => {
      if (victim.actor === actor) victim.kill();
      world.timeline.after(forMs, () => victim.start());
    };
    if (when === 'now') crash();
    else victim.store.atNextWrite = () => void world.timeline.after(actor.random.unit() * 4, crash);
  },
  'stop-replica': (world, { target, forMs }) => {
    const victim = replicaOf(world, target);
    victim.stop(1_000);
    world.timeline.after(forMs, () => victim.start());
  },
  'freeze-replica': (world, { target, forMs, when }) => {
    const victim = replicaOf(world, target);
    const { actor } = victim;
    if (when === 'now') actor.freeze(forMs);
    else victim.store.atNextWrite = () => actor.freeze(forMs);
  },
  'cut-replica': (world, { target, forMs, way }) =>
    replicaOf(world, target).link.cut(way === 'both' ? ['there', 'back'] : [way], forMs),
  'cut-between': (world, { target, other, forMs }) => {
    const [one, two] = [replicaOf(world, target), replicaOf(world, other)];
    if (one !== two) world.linkBetween(one.id, two.id).cut(['there', 'back'], forMs);
  },
  'lag-watch': (world, { target, forMs, lagMs }) => {
    const { watches } = replicaOf(world, target).store;
    watches.lagMs = lagMs;
    world.timeline.after(forMs, () => (watches.lagMs = 0));
  },
  'stall-writes': (world, { target, forMs }) => replicaOf(world, target).store.stallWrites(forMs),
  'break-watches': (world) => {
    for (const { store } of world.replicas) store.watches.breakAll();
  },
  storm: (world, { forMs, lossPercent, slowPercent }) => {
    world.weather = { ...world.plan.weather, lossPercent, slowPercent };
    world.timeline.after(forMs, () => (world.weather = world.plan.weather));
  },
  compact: (world) => world.server.as('operator', compact),
  'revoke-leader': ({ server, judge }) => {
    const lease = server.backend.get(judge.keys.leader)?.lease;
    judge.leaderRobbed();
    if (lease !== undefined) server.as('operator', (backend) => backend.revokeLease(lease));
  },
  'crash-node': (world, { target, forMs, losesData }) => {
    const machine = machineOf(world, target);
    machine.crash();
    if (losesData) machine.loseData();
    world.timeline.after(forMs, () => machine.start());
  },
  'silence-node': (world, { target, forMs }) => silence(world, machineOf(world, target), forMs),
  'silence-most': (world, { spared, forMs }) => {
    const lucky = machineOf(world, spared);
    for (const machine of world.machines) if (machine !== lucky) silence(world, machine, forMs);
  },
  'cut-node': (world, { target, other, forMs }) => {
    const replica = world.replicas[other % world.replicas.length];
    if (replica !== undefined)
      world.linkBetween(machineOf(world, target).name, replica.id).cut(['there', 'back'], forMs);
  },
  'replace-node': (world, { target, takeOver }) => {
    const old = machineOf(world, target);
    if (world.machines.some(({ name }) => name === `${old.nodeId}-new`)) return;
    const machine = world.addMachine(`${old.nodeId}-new`, old.nodeId);
    for (const one of world.machines) if (one.nodeId === old.nodeId && one !== machine) one.isReplaced ||= takeOver;
    machine.start(takeOver);
  },
  drain: (world, { kind, target }) => order(world, { kind, nodeId: machineOf(world, target).nodeId }),
  undrain: (world, { kind, target }) => order(world, { kind, nodeId: machineOf(world, target).nodeId }),
  delete: (world, { kind, target }) => order(world, { kind, nodeId: machineOf(world, target).nodeId }),
  forget: (world, { kind, target }) => order(world, { kind, nodeId: machineOf(world, target).nodeId }),
  rejoin: (world, { target }) => {
    const machine = machineOf(world, target);
    if (!machine.disk.isDeleted) return;
    machine.crash();
    machine.start(true);
  },
  'put-client': (world, { target, key, ttlSec }) => {
    // Fewer names and keys than clients could be: they meet.
    const publicKey = Buffer.alloc(32, key).toString('base64');
    order(world, { kind: 'put-client', name: `c${target % 4}`, input: { publicKey, ttlSec } });
  },
  'remove-client': (world, { target }) => order(world, { kind: 'remove-client', name: `c${target % 4}` }),
  join: (world) => {
    const name = `n${world.machines.length + 1}`;
    if (!world.machines.some((machine) => machine.name === name)) world.addMachine(name, name).start();
  },
};

/** Up to now; nothing when nothing has happened since the last time. */
function compact(backend: MemoryBackend): void {
  try {
    backend.compact(backend.revision);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
  }
}

/** The lower targets are whoever leads, if anybody does. */
function replicaOf(world: World, target: number): ReplicaProcess {
  const { replicas } = world;
  const chosen = (target < 6 ? world.leader() : undefined) ?? replicas[target % replicas.length];
  if (chosen === undefined) throw new RangeError('there is no replica');
  return chosen;
}

function machineOf({ machines }: World, target: number): NodeMachine {
  const chosen = machines[target % machines.length];
  if (chosen === undefined) throw new RangeError('there is no machine');
  return chosen;
}

function silence(world: World, { name }: NodeMachine, forMs: number): void {
  for (const { id } of world.replicas) world.linkBetween(name, id).cut(['there', 'back'], forMs);
}

/** What an operator asks for may be refused. */
function order(world: World, request: ManagerRequest): void {
  const what = `${request.kind} ${subjectOf(request)}`;
  world.operator.call(request).then(
    () => world.note('operator', `${what}: done`),
    (error: unknown) => {
      if (!(error instanceof CatalogueError)) throw error;
      world.note('operator', `${what}: ${error.code}`);
    },
  );
}

function restore(world: World, snapshot: (() => void) | undefined): void {
  if (snapshot === undefined) return;
  world.server.restore(snapshot);
  for (const { store } of world.replicas) store.watches.breakAll();
}
