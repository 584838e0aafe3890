/** DEL while the node-manager comes and goes: every order of the plugin's steps and the node-manager's (docs/decisions/0001). */
import { CatalogueError, silentLog, noFaultPoints } from '@wgcni/base';
import { concerns, isOutdated, type QueueEntry, type RecordedMoment } from '@wgcni/cni';
import { describe, expect, it } from 'vitest';
import type { StartedAt } from './boot.ts';
import { Budget } from './budget.ts';
import { deleteOrQueue, type DeletionDeps } from './deletion.ts';

const key = { network: 'mesh', containerId: 'c1', ifName: 'eth0' };
const bootId = 'boot-1';

/** A model of the node-manager's side of the protocol (N1 to N3, N6), with one attachment and a clock of its own. */
class World {
  readonly queue = new Map<string, QueueEntry>();
  record: (RecordedMoment & { name: string }) | undefined;
  isListening = false;
  /** How far somebody has set the wall clock. */
  wallAheadMs = 0;
  #nowMs = 1_000;

  moment(): RecordedMoment {
    this.#nowMs += 1_000;
    return { recordedAt: new Date(this.#nowMs + this.wallAheadMs).toISOString(), bootId, uptimeMs: this.#nowMs };
  }

  replay(): void {
    for (const path of [...this.queue.keys()]) this.#carryOut(path);
  }

  add(name: string): void {
    if (!this.isListening) throw new Error('the runtime waits until ADD is served');
    for (const [path, entry] of this.queue) if (concerns(entry, key)) this.#carryOut(path);
    if (this.record !== undefined) throw new Error('the interface exists');
    this.record = { name, ...this.moment() };
  }

  detach(began?: StartedAt): void {
    if (!this.isListening) throw new CatalogueError('node-manager.unreachable', 'nobody is there');
    const entry = began && { ...key, queuedAt: began.wall, bootId: began.bootId, uptimeMs: began.uptimeMs };
    if (entry !== undefined && this.record !== undefined && isOutdated(entry, this.record, bootId)) return;
    this.record = undefined;
  }

  #carryOut(path: string): void {
    const entry = this.queue.get(path);
    if (entry !== undefined && this.record !== undefined && !isOutdated(entry, this.record, bootId)) {
      this.record = undefined;
    }
    this.queue.delete(path);
  }
}

type Step = 'first try' | 'enqueue' | 'second try' | 'withdraw';
type Event = 'replay' | 'listen' | 'stop' | 'add again';

/** The plugin's real code; before each of its steps the events planned for it happen. */
function deletion(world: World, before: (step: Step) => void): DeletionDeps {
  const { recordedAt: wall, uptimeMs = 0 } = world.moment();
  return {
    nodeManager: {
      detach: async (_key, _signal, { began } = {}) => {
        before(began === undefined ? 'first try' : 'second try');
        world.detach(began);
      },
    },
    queue: {
      enqueue: (entry) => {
        before('enqueue');
        const path = String(world.queue.size);
        world.queue.set(path, entry);
        return path;
      },
      withdraw: (path) => {
        before('withdraw');
        world.queue.delete(path);
      },
    },
    startedAt: () => ({ wall, bootId, uptimeMs }),
    budget: new Budget(1e9),
    log: silentLog,
    reach: noFaultPoints,
  };
}

function happen(world: World, event: Event): void {
  if (event === 'replay') world.replay();
  else if (event === 'add again') world.add('second');
  else world.isListening = event === 'listen';
}

/** All ways to put `events`, in their order, before `slots` steps; the last slot is after the deletion. */
function placements(events: readonly Event[], slots: number): Event[][][] {
  if (events.length === 0) return [Array.from({ length: slots }, () => [])];
  const [first, ...rest] = events;
  return Array.from({ length: slots }, (_, at) => at).flatMap((at) =>
    placements(rest, slots - at).map((later) => {
      const all = [...Array.from({ length: at }, (): Event[] => []), ...later];
      if (first !== undefined) all[at] = [first, ...(all[at] ?? [])];
      return all;
    }),
  );
}

async function runDeletion(world: World, plan: Event[][]): Promise<void> {
  const steps: Step[] = ['first try', 'enqueue', 'second try', 'withdraw'];
  const done = new Set<number>();
  const reach = (slot: number): void => {
    for (let index = 0; index <= slot; index++) {
      if (done.has(index)) continue;
      done.add(index);
      for (const event of plan[index] ?? []) happen(world, event);
    }
  };
  await deleteOrQueue(
    key,
    '/run/netns/a',
    deletion(world, (step) => reach(steps.indexOf(step))),
  );
  reach(plan.length - 1);
}

function attachedWorld(): World {
  const world = new World();
  world.isListening = true;
  world.add('first');
  world.isListening = false;
  return world;
}

const lives: Event[][] = [
  ['listen'],
  ['replay', 'listen'],
  ['replay', 'listen', 'replay'],
  ['listen', 'stop', 'replay', 'listen'],
  ['replay', 'listen', 'stop', 'replay', 'listen', 'replay'],
];

describe.each(lives.map((events) => [events.join(', '), events] as const))('the node-manager does %s', (_, events) => {
  const plans = placements(events, 5);

  it('deletes in every order, at the latest by the next replay', async () => {
    for (const plan of plans) {
      const world = attachedWorld();
      await runDeletion(world, plan);
      world.replay();
      expect([world.record, world.queue.size], JSON.stringify(plan)).toEqual([undefined, 0]);
    }
  });

  it('serves an ADD that follows, and never kills it later', async () => {
    for (const plan of plans) {
      const world = attachedWorld();
      await runDeletion(world, plan);
      world.add('second');
      world.replay();
      world.replay();
      expect([world.record?.name, world.queue.size], JSON.stringify(plan)).toEqual(['second', 0]);
    }
  });
});

describe('deleteOrQueue', () => {
  it.each([
    ['before it queued', 1, ['listen', 'replay', 'add again']],
    ['before it queued, with the node-manager gone again', 1, ['listen', 'replay', 'add again', 'stop']],
    ['after it queued', 2, ['listen', 'replay', 'add again']],
  ] as const)('spares what a runtime added again while it hung %s', async (_, slot, events) => {
    const world = attachedWorld();
    // The runtime deleted by other means before it added again.
    world.record = undefined;
    const plan: Event[][] = [[], [], [], [], []];
    plan[slot] = [...events];
    await runDeletion(world, plan);
    world.replay();
    expect([world.record, world.queue.size]).toEqual([expect.objectContaining({ name: 'second' }), 0]);
  });

  it.each([-3_600_000, 3_600_000])('deletes although the wall clock was set by %d ms since the ADD', async (setMs) => {
    const world = attachedWorld();
    world.wallAheadMs = setMs;
    await runDeletion(world, [[], [], ['listen'], [], []]);
    expect([world.record, world.queue.size]).toEqual([undefined, 0]);
  });

  it('writes nothing when the node-manager deletes at once', async () => {
    const world = attachedWorld();
    world.isListening = true;
    await deleteOrQueue(
      key,
      undefined,
      deletion(world, (step) => expect(step).toBe('first try')),
    );
    expect(world.record).toBeUndefined();
  });

  it.each([
    ['request.denied', false],
    ['request.invalid', false],
    ['node-manager.unreachable', true],
    ['timed.out', true],
    ['kernel.refused', true],
    ['internal.failed', true],
  ] as const)('after %s: queues is %s', async (code, isQueued) => {
    const world = attachedWorld();
    const deps = deletion(world, () => {});
    const refusing = { ...deps, nodeManager: { detach: () => Promise.reject(new CatalogueError(code, 'no')) } };
    const attempt = deleteOrQueue(key, undefined, refusing);
    await (isQueued ? attempt : expect(attempt).rejects.toMatchObject({ code }));
    expect(world.queue.size).toBe(isQueued ? 1 : 0);
  });

  it('fails when the queue does', async () => {
    const deps = deletion(attachedWorld(), () => {});
    const full = (): never => {
      throw new CatalogueError('try.again', 'the queue is full');
    };
    const attempt = deleteOrQueue(key, undefined, { ...deps, queue: { ...deps.queue, enqueue: full } });
    await expect(attempt).rejects.toThrow('full');
  });
});
