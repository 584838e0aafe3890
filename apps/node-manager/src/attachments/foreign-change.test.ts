/** The pods device while somebody else changes it: mended and named; what attachments do to it themselves is no event. */
import type { PeerChange, PublicKey } from '@wgcni/wg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podsRef } from '../pods/pods-device.ts';
import type { Attachments } from './attachments.ts';
import { FakeNode, inputFor, keyNamed, patient } from './fake-node.ts';

let node: FakeNode;
let attachments: Attachments;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
});
afterEach(() => node.close());

const pods = podsRef('node-1');
const add = (name: string) => attachments.attach(keyNamed(name), inputFor(node.namespace(name)), patient(node));
const told = (): string[][] => node.told.map(({ kind, subject }) => [kind, subject]);

/** Until the peers are looked at again. */
async function looked(by?: PeerChange): Promise<void> {
  if (by !== undefined) await node.devices.change(pods, [by]);
  const stop = new AbortController();
  const ended = attachments.run(stop.signal);
  node.clock.pass(5_000);
  // What was due has had its turn then.
  await new Promise((resolve) => setTimeout(resolve, 60));
  stop.abort(new Error('stopped'));
  await ended;
}

describe('the pods device', () => {
  it('tells nothing of ADD, DEL and a view that loses a subnet', async () => {
    await add('c1');
    await add('c2');
    await looked();
    await attachments.release(keyNamed('c1'));
    await attachments.setView(node.view([]));
    await attachments.setView(node.view());
    await looked();
    expect(told()).toEqual([]);
  });

  it('gets a peer back that somebody took off, and one that somebody changed, within 5 s', async () => {
    const { publicKey } = await add('c1');
    const allowed = await node.allowed();
    await looked({ kind: 'remove', publicKey: publicKey as PublicKey });
    expect(await node.allowed()).toEqual(allowed);
    // It is a stranger to the container, which would notice after 15 s: a keepalive makes them shake hands at once.
    const greetings = node.devices.changed.slice(-2).flatMap(({ changes }) => changes);
    expect(greetings).toEqual([1, 0].map((keepaliveSec) => ({ kind: 'update', publicKey, keepaliveSec })));
    await looked({ kind: 'update', publicKey: publicKey as PublicKey, allowedIps: ['0.0.0.0/0'] });
    expect(await node.allowed()).toEqual(allowed);
    const subject = 'peer mesh/c1/eth0 of wgcni-pods';
    expect(told()).toEqual([
      ['repair.peer-restored', subject],
      ['repair.peer-corrected', subject],
    ]);
  });

  it('says nothing of a keepalive of our own that stayed when the second half of a greeting failed', async () => {
    const { publicKey } = await add('c1');
    const allowed = await node.allowed();
    node.failCall = (name) => {
      const isHalf = node.devices.changed
        .at(-1)
        ?.changes.some((one) => one.kind === 'update' && one.keepaliveSec === 1);
      if (name === 'devices.change' && isHalf === true) throw new Error('the device does not answer');
    };
    await looked({ kind: 'remove', publicKey: publicKey as PublicKey });
    node.failCall = () => {};
    await looked();
    await attachments.setView(node.view());
    expect(await node.allowed()).toEqual(allowed);
    const peers = (await node.devices.observe(pods))?.peers;
    expect(peers?.map(({ keepaliveSec }) => keepaliveSec)).toEqual([0]);
    expect(told()).toEqual([['repair.peer-restored', 'peer mesh/c1/eth0 of wgcni-pods']]);
  });

  it('gets an address back that somebody keeps taking, ten seconds after the third time', async () => {
    await add('c1');
    const address = { link: 'wgcni-pods', address: '10.64.3.1', prefixLength: 32 };
    const isThere = async (): Promise<boolean> => {
      const { addresses } = await node.kernel.observe(undefined);
      return addresses.some((one) => one.linkName === 'wgcni-pods' && one.address === '10.64.3.1');
    };
    const found: boolean[] = [];
    for (let times = 0; times < 4; times += 1) {
      await node.kernel.apply([{ kind: 'remove-address', ...address }], undefined);
      await attachments.setView(node.view());
      found.push(await isThere());
    }
    expect([found, node.repairs.takeDue()]).toEqual([[true, true, true, false], false]);
    node.clock.pass(10_000);
    // What the regular look asks before it wakes the reconciler of the pods.
    expect(node.repairs.takeDue()).toBe(true);
    await attachments.setView(node.view());
    expect(await isThere()).toBe(true);
  });

  it('loses a peer that somebody put there, who is nobody to adopt', async () => {
    await add('c1');
    const allowed = await node.allowed();
    const publicKey = node.podsKey.publicKey.replace(/^./, 'Z') as PublicKey;
    const peer = { publicKey, endpoint: undefined, allowedIps: ['10.64.3.99/32'], keepaliveSec: 0 };
    await looked({ kind: 'add', peer });
    expect([await node.allowed(), attachments.list().length]).toEqual([allowed, 1]);
    expect(told()).toEqual([['repair.peer-removed', `peer ${publicKey} of wgcni-pods`]]);
  });

  it('is made anew when it is gone, and its routes with it, as one event', async () => {
    await add('c1');
    const allowed = await node.allowed();
    node.devices.die(pods.id);
    await looked();
    expect(await node.allowed()).toEqual(allowed);
    expect(told()).toEqual([['repair.device-restored', 'device wgcni-pods']]);
  });

  it('gets its address and its route back', async () => {
    await add('c1');
    const address = { link: 'wgcni-pods', address: '10.64.3.1', prefixLength: 32 };
    await node.kernel.apply([{ kind: 'remove-address', ...address }], undefined);
    await attachments.setView(node.view());
    const route = { destination: '10.64.3.0/28', kind: 'unicast' as const, device: 'wgcni-pods' };
    await node.kernel.apply([{ kind: 'remove-route', route }], undefined);
    await attachments.setView(node.view());
    expect(told()).toEqual(
      expect.arrayContaining([
        ['repair.address-restored', 'address 10.64.3.1 of wgcni-pods'],
        ['repair.route-restored', 'route 10.64.3.0/28 of wgcni-pods'],
      ]),
    );
  });
});
