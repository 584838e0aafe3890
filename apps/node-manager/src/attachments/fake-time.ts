/** The loops of a node in memory while a test moves its clock. */
import { expect } from 'vitest';
import type { Attachments } from './attachments.ts';
import type { FakeNode } from './fake-node.ts';

/** Does something while the loops run; they have ended when it resolves. */
export async function running(attachments: Attachments, work: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const loops = attachments.run(stop.signal);
  try {
    await work();
  } finally {
    stop.abort();
    await loops;
  }
}

/** Moves time on by so many milliseconds, so many times; each time everything that was due has finished. */
export async function passed(node: FakeNode, ms: number, times = 1): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const loops = node.clock.sleepers;
    node.clock.pass(ms);
    await expect.poll(() => node.clock.sleepers, { interval: 5, timeout: 5_000 }).toBe(loops);
  }
}
