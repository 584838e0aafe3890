/** Containers of other nodes as direct peers of ours: of those alone that other nodes know, beside the pairs of the node, and gone when they are wanted no more. */
import { type Clock, systemClock } from '@wgcni/base';
import type { PublicKey } from '@wgcni/wg';
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from '../attachments/fake-node.ts';
import { Attachments } from '../attachments/index.ts';
import { DirectPeers } from './direct-peers.ts';
import type { FarContainer } from './far-containers.ts';

/** Twenty times as quick as ours, but what time it is. */
const clock: Clock = {
  ...systemClock,
  monotonicMs: () => systemClock.monotonicMs() * 20,
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};
const container = (id: number): FarContainer => ({
  publicKey: randomBytes(32).toString('base64') as PublicKey,
  ...{ endpoint: `192.0.2.2:${61_000 + id}`, allowedIps: [`10.64.9.${id}/32`] },
});

let node: FakeNode;
let attachments: Attachments;
let direct: DirectPeers;
let far: FarContainer[];
/** By container id. */
let published: Set<string>;
let tell: () => void;
let wasPublished: ReadonlySet<string>;

beforeEach(async () => {
  node = await FakeNode.make();
  [far, published] = [[container(2), container(3)], new Set(['a'])];
  wasPublished = new Set();
  const told = new Promise<void>((resolve) => (tell = resolve));
  const deps = node.deps();
  direct = new DirectPeers({
    devices: deps.devices,
    node: deps.podsKey.publicKey,
    current: () =>
      attachments
        .directDevices()
        .map((device) => ({ ...device, isPublished: published.has(nameOf(device.publicKey)) })),
    far: () => far,
    withdrawn: (publicKey) => (wasPublished.has(publicKey) ? told : undefined),
    clock,
    log: deps.log,
  });
  attachments = await Attachments.open({ ...deps, neighbours: direct });
  await attachments.start(viewOf());
  for (const name of ['a', 'b'])
    await attachments.attach(keyNamed(name), inputFor(node.namespace(name)), patient(node));
  wasPublished = new Set([keyOf('a')]);
});
afterEach(() => node.close());

describe('containers of another node', () => {
  it('are introduced to those that their node knows, and are sent nothing before they answer', async () => {
    await direct.reconcile();
    expect(await farRoutesOf('a')).toEqual([[], []]);
    expect(await farRoutesOf('b')).toEqual([]);
    expect(direct.status()).toMatchObject({ farPairs: 0, farDue: 2 });
  });

  it('are sent past the node what is for exactly their addresses when they have, and settle when they are heard again', async () => {
    await direct.reconcile();
    await heard(124);
    await direct.reconcile();
    expect((await farRoutesOf('a')).sort()).toEqual([[], ['10.64.9.2/32']]);
    await heard(32);
    await direct.reconcile();
    expect(direct.status()).toMatchObject({ farPairs: 1, farDue: 1 });
  });

  it('go when they are listed no more, and all of them when our own is not known any more', async () => {
    await direct.reconcile();
    await heard(124);
    await direct.reconcile();
    far = far.slice(1);
    await direct.reconcile();
    expect(await farRoutesOf('a')).toEqual([[]]);
    published = new Set();
    await direct.reconcile();
    expect(await farRoutesOf('a')).toEqual([]);
    expect(await peersOf('a')).toContain(keyOf('b'));
  });

  it('are nobody with the key of a container of our own', async () => {
    far = [{ ...container(4), publicKey: keyOf('b') as PublicKey }];
    await direct.reconcile();
    const { peers = [] } = (await node.devices.observe(refOf('a'))) ?? {};
    expect(peers.filter(({ endpoint }) => endpoint?.startsWith('192.0.2.'))).toEqual([]);
  });

  it('keep the address of one that left from being used again until their node has told them', async () => {
    await direct.reconcile();
    await attachments.release(keyNamed('a'));
    await direct.reconcile();
    expect(attachments.addressUse()[0]?.taken).toBe(2);
    tell();
    await expect.poll(() => attachments.addressUse()[0]?.taken).toBe(1);
  });
});

/** The first of them is heard by the device of `a`. */
async function heard(bytes: number): Promise<void> {
  const [one] = far;
  if (one === undefined) throw new Error('there is one');
  node.devices.hear(refOf('a'), one.publicKey, { from: one.endpoint, bytes, at: Math.floor(Date.now() / 1_000) });
}

function refOf(name: string) {
  const device = attachments.directDevices().find(({ publicKey }) => publicKey === keyOf(name));
  if (device === undefined) throw new Error(`${name} has no device`);
  return device.ref;
}

function keyOf(name: string): string {
  return attachments.get(keyNamed(name)).publicKey ?? '';
}

function nameOf(key: PublicKey): string {
  return attachments.list().find(({ publicKey }) => publicKey === key)?.containerId ?? '';
}

async function peersOf(name: string): Promise<string[]> {
  return ((await node.devices.observe(refOf(name)))?.peers ?? []).map(({ publicKey }) => publicKey);
}

/** What a device sends to each peer of another node. */
async function farRoutesOf(name: string): Promise<(readonly string[])[]> {
  const { peers = [] } = (await node.devices.observe(refOf(name))) ?? {};
  return peers.filter(({ endpoint }) => endpoint?.startsWith('192.0.2.')).map(({ allowedIps }) => allowedIps);
}
