/** The simulation itself: it replays, it shrinks, its time and its links are what they say. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Violation } from './checks/violation.ts';
import { drawPlan } from './draw-plan.ts';
import { traceLine } from './explain.ts';
import { Link } from './link.ts';
import type { RunPlan } from './plan.ts';
import { run } from './run.ts';
import { SeededRandom } from './seeded-random.ts';
import { shrink } from './shrink.ts';
import { Timeline } from './timeline.ts';

async function hashOf(plan: RunPlan): Promise<string> {
  const hash = createHash('sha256');
  await run(plan, (...happened) => void hash.update(`${traceLine(...happened)}\n`));
  return hash.digest('hex');
}

describe('a run', () => {
  it.each([1, 2, 3, 4, 5])('of seed %i happens again in every detail', async (seed) => {
    expect(await hashOf(drawPlan(seed))).toBe(await hashOf(drawPlan(seed)));
  });

  it('is another one for another seed', async () => {
    expect(await hashOf({ ...drawPlan(1), seed: 2 })).not.toBe(await hashOf(drawPlan(1)));
  });
});

describe('a failing plan', () => {
  it('is shrunk to what it fails by', async () => {
    const plan = drawPlan(7);
    const broken: Violation = { promise: 'one leader', atMs: 1, what: 'two' };
    const culprit = plan.events[3];
    const tryPlan = async ({ events }: RunPlan): Promise<Violation | undefined> =>
      events.some(({ kind, atMs }) => kind === culprit?.kind && atMs === culprit.atMs) ? broken : undefined;
    const shrunk = await shrink(plan, broken, { tryPlan });
    expect(shrunk.plan.events.map(({ kind }) => kind)).toEqual([culprit?.kind]);
    expect(shrunk.plan).toMatchObject({ nodes: 1, replicas: 1, hasTwoFamilies: false });
    expect(shrunk.plan.weather).toMatchObject({ lossPercent: 0, slowPercent: 0 });
  });

  it('is not traded for one that breaks another promise', async () => {
    const plan = drawPlan(7);
    const broken: Violation = { promise: 'one leader', atMs: 1, what: 'two' };
    const shrunk = await shrink(plan, broken, { tryPlan: async () => ({ ...broken, promise: 'an answer is true' }) });
    expect(shrunk.plan).toEqual(plan);
  });
});

describe('the timeline', () => {
  it('lets everything happen in the order of time, with what follows from it done in between', async () => {
    const timeline = new Timeline(new SeededRandom(1));
    const seen: string[] = [];
    const follow = async (name: string): Promise<void> => {
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
      seen.push(name);
    };
    for (const atMs of [30, 10, 20, 40]) timeline.after(atMs, () => void follow(`at ${atMs}`));
    timeline.after(15, () => {}).isCancelled = true;
    await timeline.run(35, () => seen.push('look'));
    expect(seen).toEqual(['at 10', 'look', 'at 20', 'look', 'at 30', 'look']);
    expect([timeline.nowMs, timeline.steps]).toEqual([35, 3]);
  });
});

describe('a link that is cut', () => {
  it('delivers nothing, and what TCP has kept when it is healed', async () => {
    const timeline = new Timeline(new SeededRandom(1));
    const quality = { usualMs: 1, slowPercent: 0, slowMs: 0, lossPercent: 0 };
    const link = new Link(timeline, new SeededRandom(1), quality);
    let arrived = 0;
    link.cut(['there'], 100);
    for (let count = 0; count < 100; count += 1) link.send('there', () => (arrived += 1));
    link.send('back', () => (arrived += 1_000));
    await timeline.run(99, () => {});
    expect(arrived).toBe(1_000);
    await timeline.run(200, () => {});
    expect(arrived).toBeGreaterThan(1_010);
    expect(arrived).toBeLessThan(1_060);
  });
});
