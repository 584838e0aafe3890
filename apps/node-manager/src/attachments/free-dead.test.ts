/** Self-reconciliation on a node in memory: whom it must not free, and whom it still frees. */
import { CatalogueError } from '@wgcni/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from './attachments.ts';
import { FakeNode, inputFor, keyNamed, patient } from './fake-node.ts';
import { passed } from './fake-time.ts';

const keys = ['c1', 'c2', 'c3', 'c4', 'c5'].map((name) => keyNamed(name));
const [one = keyNamed('c1'), two = keyNamed('c2')] = keys;

let node: FakeNode;
let attachments: Attachments;
let stop: AbortController;
let running: Promise<void>;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  for (const key of keys) await attachments.attach(key, inputFor(node.namespace(key.containerId)), patient(node));
  stop = new AbortController();
  running = attachments.run(stop.signal);
});
afterEach(async () => {
  node.failCall = () => {};
  stop.abort();
  await running;
  await node.close();
});

const names = () => attachments.list().map(({ containerId }) => containerId);
const pathOf = (name: string) => `/run/netns/${name}`;
/** Time for so many observations; everything that was due has finished. Two make a death. */
const observed = (times: number) => passed(node, 31_000, times);

describe('a container whose userspace process died', () => {
  it('keeps its address however long its device cannot be made anew, and is revived when it can', async () => {
    const before = attachments.get(one);
    node.kill(one);
    node.failCall = (name) => {
      if (name === 'devices.create') throw new CatalogueError('io.failed', 'no space left on device');
    };
    await observed(4);
    expect(node.events.map(({ event }) => event)).toContain('attachment.revive-failed');
    expect(attachments.get(one).addresses).toEqual(before.addresses);
    node.failCall = () => {};
    await observed(4);
    await attachments.check(one, { netns: pathOf('c1'), addresses: [] });
  });

  it('is freed when its namespace is gone, or another one has its path', async () => {
    for (const key of [one, two]) {
      node.kernel.removeNamespace(pathOf(key.containerId));
      node.kill(key);
    }
    node.namespace('c2');
    await observed(4);
    expect(names()).toEqual(['c3', 'c4', 'c5']);
  });
});

describe('a look that fails', () => {
  beforeEach(() => {
    for (const key of [one, two]) {
      node.kernel.removeNamespace(pathOf(key.containerId));
      node.kill(key);
    }
  });

  it('keeps its own attachment and no other from being judged', async () => {
    const hidden = attachments.get(one).netns;
    const observe = node.devices.observe.bind(node.devices);
    node.devices.observe = async (ref) => {
      if (ref.netns === hidden) throw new CatalogueError('timed.out', '"wg show" did not end');
      return observe(ref);
    };
    await observed(4);
    expect(names()).toEqual(['c1', 'c3', 'c4', 'c5']);
    node.devices.observe = observe;
    await observed(4);
    expect(names()).toEqual(['c3', 'c4', 'c5']);
  });
});

it('what cannot be removed keeps no other from being freed, and goes when it can', async () => {
  for (const key of [one, two]) {
    node.kernel.removeNamespace(pathOf(key.containerId));
    node.kill(key);
  }
  const stuck = attachments.get(one).publicKey;
  const change = node.devices.change.bind(node.devices);
  node.devices.change = async (ref, changes) => {
    if (changes.some((each) => 'publicKey' in each && each.publicKey === stuck)) throw new Error('injected');
    return change(ref, changes);
  };
  await observed(2);
  expect(names()).toEqual(['c1', 'c3', 'c4', 'c5']);
  node.devices.change = change;
  await observed(1);
  expect(names()).toEqual(['c3', 'c4', 'c5']);
});
