/** The list of fault points is what the code reaches: each one, and no other. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeNode, inputFor, keyNamed, patient } from './fake-node.ts';
import { addSteps, encodeQueueEntry, nodeManagerFaultPoints, queueFileName, reviveSteps } from '@wgcni/cni';

let node: FakeNode;
beforeEach(async () => {
  node = await FakeNode.make();
});
afterEach(() => node.close());

it('every fault point is reached by an ADD, its confirmation, a revival, a DEL and the replay of a queued one', async () => {
  const attachments = await node.start();
  const key = keyNamed('c1');
  await attachments.attach(key, inputFor(node.namespace('one')), patient(node));
  expect(node.reached.filter((name) => name !== 'add/addresses taken')).toEqual(addSteps.map((step) => `add/${step}`));
  await attachments.answered(key);
  node.kill(key);
  const stop = new AbortController();
  const running = attachments.run(stop.signal);
  node.clock.pass(2_000);
  await expect.poll(() => node.reached.at(-1)).toBe('revive/record the end');
  stop.abort();
  await running;
  await attachments.release(key);
  const entry = { ...key, queuedAt: new Date(node.clock.wallMs()).toISOString(), bootId: node.bootId };
  await mkdir(join(node.dataDir, 'queue'));
  await writeFile(join(node.dataDir, 'queue', queueFileName(entry, 'a')), encodeQueueEntry(entry));
  await node.start();
  const revived = node.reached.filter((name) => name.startsWith('revive/'));
  expect(revived).toEqual(reviveSteps.map((step) => `revive/${step}`));
  expect(node.reached.toSorted()).toEqual([...nodeManagerFaultPoints].sort());
});
