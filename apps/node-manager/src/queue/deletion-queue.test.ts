/** Deletions that were queued while the node-manager was away. */
import { encodeQueueEntry, type QueueEntry, queueFileName, uniquePart } from '@wgcni/cni';
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from '../attachments/attachments.ts';
import { FakeNode, inputFor, keyNamed, patient } from '../attachments/fake-node.ts';

let node: FakeNode;
let attachments: Attachments;
let queueDir: string;
let netns: string;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  queueDir = join(node.dataDir, 'queue');
  await mkdir(queueDir);
  netns = node.namespace('one');
});
afterEach(() => node.close());

const key = keyNamed('c1');
const add = () => attachments.attach(key, inputFor(netns), patient(node));
const restart = async () => (attachments = await node.start());
let written = 0;

async function queue(more: Partial<QueueEntry> = {}): Promise<void> {
  const { clock, bootId } = node;
  const entry = {
    ...key,
    queuedAt: new Date(clock.wallMs()).toISOString(),
    bootId,
    uptimeMs: clock.monotonicMs(),
    ...more,
  };
  await writeFile(join(queueDir, queueFileName(entry, `t${(written += 1)}`)), encodeQueueEntry(entry));
}

describe('a queued deletion', () => {
  it('is carried out at start, before ADD is served', async () => {
    await add();
    node.clock.pass(10);
    await queue();
    expect(await attachments.queuedDeletions()).toBe(1);
    await restart();
    expect(attachments.list()).toEqual([]);
    expect(await node.allowed()).toEqual([]);
    expect(await readdir(queueDir)).toEqual([]);
  });

  it('that is older than the attachment is dropped, and the attachment lives', async () => {
    await queue();
    node.clock.pass(10);
    await add();
    await queue({ uptimeMs: node.clock.monotonicMs() - 5 });
    await restart();
    expect(attachments.counts().total).toBe(1);
    expect(await readdir(queueDir)).toEqual([]);
  });

  it('of an earlier boot does not kill what this boot made', async () => {
    await add();
    await queue({ bootId: 'boot-0', queuedAt: '2099-01-01T00:00:00.000Z' });
    await restart();
    expect(attachments.counts().total).toBe(1);
  });

  it('is carried out within 10 s while the node-manager runs', async () => {
    await add();
    node.clock.pass(10);
    await queue();
    const stop = new AbortController();
    const loops = attachments.run(stop.signal);
    node.clock.pass(10_000);
    await expect.poll(() => attachments.counts().total).toBe(0);
    stop.abort();
    await loops;
  });

  it('is carried out before the same container is added again', async () => {
    const first = await add();
    await attachments.answered(key);
    node.clock.pass(10);
    await queue();
    node.clock.pass(10);
    const second = await add();
    expect(second.publicKey).not.toBe(first.publicKey);
    expect(await readdir(queueDir)).toEqual([]);
    await restart();
    expect(attachments.counts().total).toBe(1);
  });

  it('that fails waits, and holds up no other', async () => {
    const other = keyNamed('c2');
    await add();
    await attachments.attach(other, inputFor(node.namespace('two')), patient(node));
    node.clock.pass(10);
    await queue();
    await queue(other);
    let failures = 0;
    node.failCall = (name) => {
      if (name === 'devices.remove' && failures++ === 0) throw new Error('injected');
    };
    await restart();
    expect(attachments.list().length).toBe(1);
    expect(await attachments.queuedDeletions()).toBe(1);
    await restart();
    expect(attachments.list()).toEqual([]);
  });

  it('that cannot be carried out keeps the same container from being added, and no other', async () => {
    await add();
    node.clock.pass(10);
    await queue();
    let isRefusing = true;
    node.failCall = (name) => {
      if (name === 'devices.remove' && isRefusing) throw new Error('injected');
    };
    await expect(add()).rejects.toMatchObject({
      code: 'try.again',
      message: expect.stringContaining('mesh/c1/eth0'),
      remedy: expect.stringContaining(queueDir),
    });
    expect(await attachments.queuedDeletions()).toBe(1);
    await attachments.attach(keyNamed('c2'), inputFor(node.namespace('two')), patient(node));
    isRefusing = false;
    await add();
    expect([attachments.counts().total, await attachments.queuedDeletions()]).toEqual([2, 0]);
  });

  it('that cannot be read keeps the container from being added', async () => {
    await mkdir(join(queueDir, queueFileName({ ...key, queuedAt: '2026-01-01T00:00:00.000Z', bootId: 'b' }, 'x')));
    await expect(add()).rejects.toMatchObject({ code: 'try.again', message: expect.stringContaining('EISDIR') });
    expect(attachments.list()).toEqual([]);
  });

  it('that an ADD carried out while the replay waited for its lock does not kill what that ADD made', async () => {
    const refuse = holdFirst();
    const limits = { ...patient(node), deadlineAt: Infinity };
    const [first, second] = [1, 2].map(() => attachments.attach(key, inputFor(netns), limits));
    await expect.poll(() => node.calls).toContain('iproute.identify');
    // Its instants say that it is younger than anything: only its file tells that it was carried out.
    await queue({ uptimeMs: node.clock.monotonicMs() + 1_000_000 });
    const stop = new AbortController();
    const loops = attachments.run(stop.signal);
    node.clock.pass(10_000);
    // The replay has read the entry and waits behind both.
    await settle();
    refuse();
    await expect(first).rejects.toThrow('hung');
    await second;
    await settle();
    stop.abort();
    await loops;
    expect([attachments.counts().total, await attachments.queuedDeletions()]).toEqual([1, 0]);
  });

  it('given over the socket with its instant spares what was attached later', async () => {
    const queuedAt = new Date(node.clock.wallMs()).toISOString();
    node.clock.pass(10);
    await add();
    await attachments.release(key, { queuedAt });
    expect(attachments.counts().total).toBe(1);
    node.clock.pass(10);
    await attachments.release(key, { queuedAt: new Date(node.clock.wallMs()).toISOString() });
    expect(attachments.counts().total).toBe(0);
  });

  it('given over the socket goes by the clock that nobody can set, where it is of the boot of the record', async () => {
    const setBack = '2000-01-01T00:00:00.000Z';
    await add();
    const uptimeMs = node.clock.monotonicMs() + 1;
    await attachments.release(key, { queuedAt: setBack, bootId: 'boot-0', uptimeMs });
    await attachments.release(key, { queuedAt: setBack, uptimeMs });
    await attachments.release(key, {
      queuedAt: '2099-01-01T00:00:00.000Z',
      bootId: node.bootId,
      uptimeMs: uptimeMs - 2,
    });
    expect(attachments.counts().total).toBe(1);
    await attachments.release(key, { queuedAt: setBack, bootId: node.bootId, uptimeMs });
    expect(attachments.counts().total).toBe(0);
  });
});

/** The next look at a namespace hangs until it is told to fail. */
function holdFirst(): () => void {
  let letGo = (): void => {};
  const hung = new Promise<void>((resolve) => (letGo = resolve));
  const identify = node.kernel.identify.bind(node.kernel);
  let looks = 0;
  node.kernel.identify = async (path) => {
    looks += 1;
    if (looks > 1) return identify(path);
    await hung;
    throw new Error('hung');
  };
  return letGo;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}

describe('rubbish in the queue', () => {
  it('is set aside, told of once, and holds nothing up', async () => {
    await add();
    node.clock.pass(10);
    const name = queueFileName({ ...key, queuedAt: '2026-01-01T00:00:00.000Z', bootId: 'b' }, 'x');
    await writeFile(join(queueDir, name), '{"network":');
    await writeFile(join(queueDir, 'README'), 'not ours');
    await writeFile(join(queueDir, `${name}.new`), 'half');
    await queue();
    await restart();
    await restart();
    expect(attachments.list()).toEqual([]);
    expect((await readdir(queueDir)).sort()).toEqual(['README', `${name}.new`, `${name}.rubbish`]);
    expect(node.events.filter(({ event }) => event === 'queue.rubbish').length).toBe(1);
  });

  it('that a killed plugin left half-written goes; what a living one writes stays', async () => {
    const entry = { ...key, queuedAt: new Date(node.clock.wallMs()).toISOString(), bootId: node.bootId };
    const half = (pid: number): string => `${queueFileName(entry, uniquePart(pid, 7n))}.new`;
    const noPid = 2 ** 22 + 1;
    for (const pid of [noPid, process.pid]) await writeFile(join(queueDir, half(pid)), '{"sche');
    await restart();
    expect(await readdir(queueDir)).toEqual([half(process.pid)]);
  });

  it('in place of its directory does not stop the node-manager', async () => {
    await chmod(queueDir, 0o700);
    node.dataDir = join(node.dataDir, 'other');
    await mkdir(node.dataDir);
    await writeFile(join(node.dataDir, 'queue'), 'a file');
    await restart();
    expect(node.events.map(({ event }) => event)).toContain('queue.unreadable');
  });
});
