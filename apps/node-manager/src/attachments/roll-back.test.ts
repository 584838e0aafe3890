/** An ADD that is undone stays undone, whenever the node-manager dies; a DEL that it dies in is asked for again. */
import { CatalogueError } from '@wgcni/base';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from './attachments.ts';
import { FakeNode, inputFor, keyNamed, patient } from './fake-node.ts';
import { passed, running } from './fake-time.ts';

const key = keyNamed('c1');
const delPoints = ['del/marked', 'del/device removed', 'del/peer removed', 'del/record removed', 'del/address freed'];

let node: FakeNode;
let attachments: Attachments;
let netns: string;
let before: object;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  netns = node.namespace('one');
  before = await node.residue([netns]);
});
afterEach(() => node.close());

const add = () => attachments.attach(key, inputFor(netns, { attempt: 'first' }), patient(node));
const restart = async () => {
  node.failCall = () => {};
  attachments = await node.start();
};
/** The processes have been looked at, so that what can be revived has been. */
const settled = () => running(attachments, () => passed(node, 2_000));
const expectNothing = async () => {
  expect(attachments.list()).toEqual([]);
  expect(await node.residue([netns])).toEqual(before);
  expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([0, 0]);
};

describe.each(['wireguard', 'veth'] as const)('a crash with link %s', (link) => {
  beforeEach(async () => {
    node.link = link;
    attachments = await node.start();
  });

  it.each(delPoints)(
    'at %s in the rollback of an ADD whose caller went away is followed by its rest',
    async (point) => {
      const caller = new AbortController();
      node.onReach('add/record the attachment', () => caller.abort());
      node.dieAt(point);
      const adding = attachments.attach(key, inputFor(netns), { ...patient(node), signal: caller.signal });
      await expect(adding).rejects.toThrow();
      expect(node.reached.at(-1)).toBe(point);
      await restart();
      await settled();
      await expectNothing();
    },
  );

  it.each(delPoints)('at %s in an undo that the plugin asked for is followed by its rest', async (point) => {
    await add();
    node.dieAt(point);
    await attachments.release(key, { attempt: 'first' }).catch(() => undefined);
    expect(node.reached.at(-1)).toBe(point);
    await restart();
    await settled();
    await expectNothing();
  });

  it.each(delPoints)('at %s in a DEL leaves the attachment whole or gone, and the next DEL succeeds', async (point) => {
    const given = await add();
    node.dieAt(point);
    await attachments.release(key).catch(() => undefined);
    await restart();
    await settled();
    // A veth, like a device of the kernel's, is not made anew: the DEL that comes again finds the record alone.
    if (link === 'wireguard' && attachments.list().length > 0) {
      const addresses = given.addresses.map(({ address }) => address);
      await attachments.check(key, { netns, addresses });
    }
    await attachments.release(key);
    await expectNothing();
  });
});

it('a rollback that failed is gone on with after a restart', async () => {
  const caller = new AbortController();
  node.onReach('add/record the attachment', () => {
    caller.abort();
    node.failCall = (name) => {
      if (name === 'devices.remove') throw new CatalogueError('kernel.refused', 'injected');
    };
  });
  const adding = attachments.attach(key, inputFor(netns), { ...patient(node), signal: caller.signal });
  await expect(adding).rejects.toMatchObject({ code: 'timed.out' });
  expect(attachments.counts().total).toBe(1);
  await restart();
  await expectNothing();
});
