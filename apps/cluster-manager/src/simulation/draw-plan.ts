/** PURE: draws the plan of a run from its seed. */
import type { EventKind, PlannedEvent, RunPlan } from './plan.ts';
import { SeededRandom } from './seeded-random.ts';

/** How often each kind of event is drawn, in relation to the others. */
const weights: Record<EventKind, number> = {
  'crash-replica': 8,
  'stop-replica': 3,
  'freeze-replica': 9,
  'cut-replica': 9,
  'cut-between': 2,
  'lag-watch': 5,
  'stall-writes': 5,
  'break-watches': 2,
  storm: 5,
  compact: 2,
  'revoke-leader': 2,
  restore: 0,
  'crash-node': 8,
  'silence-node': 11,
  'silence-most': 3,
  'cut-node': 3,
  'replace-node': 3,
  drain: 6,
  undrain: 5,
  delete: 4,
  forget: 3,
  rejoin: 4,
  join: 5,
  'put-client': 0,
  'remove-client': 0,
};

const kinds = Object.entries(weights).flatMap(([kind, weight]) =>
  Array.from({ length: weight }, () => kind as EventKind),
);

/** The same seed draws the same plan. */
export function drawPlan(seed: number): RunPlan {
  const random = new SeededRandom(seed, 'plan');
  const leaderTtlSec = random.int(3, 5);
  const registrationTtlSec = random.int(5, 8);
  const holdDownSec = random.int(12, 20);
  const readingMs = random.int(2, 4) * 1_000;
  const restMs = random.int(3, 8) * 1_000;
  const replicas = random.pick([2, 3, 3]);
  const nodes = random.pick([3, 3, 4, 4, 5]);
  const chaosMs = random.int(40, 75) * 1_000;
  const isDrifting = random.chance(25);
  const plan: RunPlan = {
    ...{ seed, replicas, nodes, chaosMs, hasTwoFamilies: random.chance(30) },
    // Often so few that what one loses is what the next is granted.
    subnets: 2 ** Math.ceil(Math.log2(nodes + random.pick([0, 0, 1, 4]))),
    timing: { leaderTtlSec, registrationTtlSec, holdDownSec, readingMs, restMs },
    clockRates: Array.from({ length: replicas }, (_, index) =>
      isDrifting && index === 0 ? random.pick([1.4, 1 / 1.4]) : 1,
    ),
    weather: {
      usualMs: random.pick([2, 5, 30]),
      slowPercent: random.pick([0, 1, 4]),
      slowMs: random.pick([200, 2_500, 6_000]),
      lossPercent: random.pick([0, 0.5, 2]),
    },
    events: [],
  };
  const count = random.int(3, 12);
  for (let index = 0; index < count; index += 1) plan.events.push(drawEvent(random, random.pick(kinds), plan));
  if (random.chance(8)) plan.events.push(drawEvent(random, 'restore', plan));
  plan.events.push(...drawClientEvents(plan));
  plan.events.sort((one, other) => one.atMs - other.atMs);
  return plan;
}

/** From a stream of their own: the rest of a plan is as it was before there were clients. */
function drawClientEvents(plan: RunPlan): PlannedEvent[] {
  const random = new SeededRandom(plan.seed, 'clients');
  if (!random.chance(40)) return [];
  const kinds: EventKind[] = ['put-client', 'put-client', 'put-client', 'remove-client'];
  return Array.from({ length: random.int(2, 6) }, () => drawEvent(random, random.pick(kinds), plan));
}

function drawEvent(random: SeededRandom, kind: EventKind, { chaosMs, timing }: RunPlan): PlannedEvent {
  const atMs = random.int(500, chaosMs);
  const target = random.int(0, 11);
  const other = random.int(0, 11);
  const leaderTtlMs = timing.leaderTtlSec * 1_000;
  /** Half a TTL of the leader to three of them. */
  const briefly = (): number => random.int(leaderTtlMs / 2, 3 * leaderTtlMs);
  /** Up to past the hold-down. */
  const long = (): number => random.int(2_000, (timing.holdDownSec + 20) * 1_000);
  switch (kind) {
    case 'crash-replica':
      return { atMs, kind, target, forMs: random.int(100, 8_000), when: random.pick(['now', 'at-write']) };
    case 'freeze-replica':
      return { atMs, kind, target, forMs: briefly(), when: random.pick(['now', 'at-write', 'at-write']) };
    case 'stop-replica':
      return { atMs, kind, target, forMs: random.int(1_500, 6_000) };
    case 'cut-replica':
      return { atMs, kind, target, forMs: briefly(), way: random.pick(['both', 'both', 'there', 'back']) };
    case 'cut-between':
    case 'cut-node':
      return { atMs, kind, target, other, forMs: random.int(1_000, 15_000) };
    case 'stall-writes':
      return { atMs, kind, target, forMs: random.int(4_000, 14_000) };
    case 'lag-watch':
      return { atMs, kind, target, forMs: random.int(2_000, 10_000), lagMs: random.int(50, 4_000) };
    case 'storm':
      return {
        atMs,
        kind,
        forMs: random.int(1_000, 8_000),
        lossPercent: random.int(5, 40),
        slowPercent: random.int(0, 30),
      };
    case 'crash-node':
      return { atMs, kind, target, forMs: long(), losesData: random.chance(30) };
    case 'silence-node':
      return { atMs, kind, target, forMs: long() };
    case 'silence-most':
      return { atMs, kind, forMs: random.int(timing.holdDownSec * 1_000, chaosMs), spared: target };
    case 'replace-node':
      return { atMs, kind, target, takeOver: random.chance(70) };
    case 'restore':
      return { atMs: Math.max(atMs, 5_000), kind, snapshotAtMs: random.int(1_000, Math.max(atMs, 5_000) - 1_000) };
    case 'drain':
    case 'undrain':
    case 'delete':
    case 'forget':
    case 'rejoin':
      return { atMs, kind, target };
    case 'put-client':
      return { atMs, kind, target, key: random.int(1, 5), ttlSec: random.pick([null, 7_200, random.int(5, 20)]) };
    case 'remove-client':
      return { atMs, kind, target };
    case 'break-watches':
    case 'compact':
    case 'revoke-leader':
    case 'join':
      return { atMs, kind };
  }
}
