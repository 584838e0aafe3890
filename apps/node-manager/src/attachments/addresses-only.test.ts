/** ADD as a delegated IPAM: addresses and their record, no device, no peer, and never freed on a mere absence. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from './attachments.ts';
import { FakeNode, inputFor, keyNamed, patient } from './fake-node.ts';

let node: FakeNode;
let attachments: Attachments;
let netns: string;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  netns = node.namespace('one');
});
afterEach(() => node.close());

const key = keyNamed('c1');
const add = () => attachments.attach(key, inputFor(netns, { addressesOnly: true }), patient(node));

/** What the interface plugin that delegated to us does with the address. */
async function useAddress(): Promise<void> {
  await node.kernel.apply([{ kind: 'set-address', link: 'lo', address: '10.64.3.2', prefixLength: 28 }], netns);
}

describe('addresses without a device', () => {
  it('have the prefix length of their subnet, and leave the kernel as it was', async () => {
    const before = await node.kernel.observe(netns);
    expect(await add()).toMatchObject({
      state: 'attached',
      addresses: [
        { address: '10.64.3.2/28', gateway: '10.64.3.1' },
        { address: 'fd64:0:0:3::2/64', gateway: 'fd64:0:0:3::1' },
      ],
      publicKey: null,
      listenPort: 0,
    });
    expect(await node.kernel.observe(netns)).toEqual(before);
  });

  it('pass CHECK while they are held, also after a restart, and are free after DEL', async () => {
    await add();
    attachments = await node.start();
    await attachments.check(key, { netns, addresses: [] });
    await attachments.release(key);
    await expect(attachments.check(key, { netns, addresses: [] })).rejects.toMatchObject({
      code: 'attachment.unknown',
    });
    expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([0, 0]);
  });

  it('are given anew when an ADD comes again before they are in use, and refused when they are', async () => {
    await add();
    await attachments.answered(key);
    expect(await add()).toMatchObject({ addresses: [{ address: '10.64.3.3/28' }, { address: 'fd64:0:0:3::3/64' }] });
    await attachments.answered(key);
    await node.kernel.apply([{ kind: 'set-address', link: 'lo', address: '10.64.3.3', prefixLength: 28 }], netns);
    await expect(add()).rejects.toMatchObject({ code: 'interface.exists' });
  });

  it('are collected when no interface has them, and kept when one has', async () => {
    await add();
    await useAddress();
    expect(await attachments.collect('mesh', { valid: [] })).toMatchObject({
      removed: [],
      kept: [{ containerId: 'c1' }],
    });
    await node.kernel.apply([{ kind: 'remove-address', link: 'lo', address: '10.64.3.2', prefixLength: 28 }], netns);
    expect(await attachments.collect('mesh', { valid: [] })).toMatchObject({
      removed: [{ containerId: 'c1' }],
      kept: [],
    });
  });
});
