/** What is read now and then so that a scrape reads memory only; what cannot be read is not told. */
import { silentLog } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import { expect, it } from 'vitest';
import { RegularLook } from './regular-look.ts';

function looking(text: () => Promise<string>) {
  const clock = new ManualClock();
  const node = { taken: 3, queued: 2, isQueueReadable: true, looks: 0 };
  const attachments = {
    addressUse: () => [{ subnet: '10.64.3.0/28', taken: node.taken, free: String(13 - node.taken) }],
    queuedDeletions: async () => {
      node.looks += 1;
      if (!node.isQueueReadable) throw new Error('no directory');
      return node.queued;
    },
  };
  return { clock, node, look: new RegularLook({ attachments, readNetDev: text, clock, log: silentLog }) };
}

it('knows nothing before the first look, and nothing any more of what became unreadable', async () => {
  let text: string | Error = 'wgcni-pods: 1 1 4 0 0 4 0 0 0 0 0 0 0 0 0 0\n';
  const { node, look } = looking(async () => {
    if (text instanceof Error) throw text;
    return text;
  });
  expect([look.queuedDeletions, look.rejected.size]).toEqual([undefined, 0]);
  await look.look();
  expect([look.queuedDeletions, look.rejected]).toEqual([2, new Map([['wgcni-pods', 4]])]);
  [text, node.isQueueReadable] = [new Error('no file'), false];
  await look.look();
  expect([look.queuedDeletions, look.rejected.size]).toEqual([undefined, 0]);
});

it('looks every ten seconds until it is told to stop, and learns how a subnet fills', async () => {
  const { clock, node, look } = looking(async () => '');
  const stop = new AbortController();
  const running = look.run(stop.signal);
  await clock.advance(60_000);
  expect(node.looks).toBe(7);
  expect(look.untilFullMs('10.64.3.0/28', 10)).toBeUndefined();
  for (let taken = 3; taken < 12; taken += 1) {
    node.taken = taken;
    await clock.advance(600_000);
  }
  // One address each ten minutes, seen in steps.
  const ms = look.untilFullMs('10.64.3.0/28', 3) ?? 0;
  expect(ms / 600_000).toBeGreaterThan(2.5);
  expect(ms / 600_000).toBeLessThan(3.5);
  stop.abort();
  await running;
});
