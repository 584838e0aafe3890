/** The three single steps, for someone who brings its own key. */
import { systemKeys } from '@wgcni/wg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from '../attachments/attachments.ts';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from '../attachments/fake-node.ts';
import { podsRef } from '../pods/pods-device.ts';

let node: FakeNode;
let attachments: Attachments;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
});
afterEach(() => node.close());

const newKey = () => systemKeys.generate().publicKey as string;
const peers = async () => (await node.devices.observe(podsRef('node-1')))?.peers ?? [];
const restart = async () => (attachments = await node.start());

describe('joining by hand', () => {
  it('is three steps: allocate, claim a key, ask for peers', async () => {
    const allocation = await attachments.allocateAddress('vm-1', {});
    expect(allocation).toEqual({
      name: 'vm-1',
      addresses: [
        { address: '10.64.3.2/32', gateway: '10.64.3.1' },
        { address: 'fd64:0:0:3::2/128', gateway: 'fd64:0:0:3::1' },
      ],
      publicKey: null,
      expiresInSec: 300,
    });
    expect(await peers()).toEqual([]);
    const publicKey = newKey();
    const claimed = await attachments.claimKey('vm-1', { publicKey });
    expect(claimed).toMatchObject({ publicKey, expiresInSec: null });
    expect(await peers()).toMatchObject([{ publicKey, allowedIps: ['10.64.3.2/32', 'fd64:0:0:3::2/128'] }]);
    expect(attachments.joinPeers('vm-1')).toEqual([
      {
        publicKey: node.podsKey.publicKey,
        endpoint: '127.0.0.1:51821',
        allowedIps: ['10.64.0.0/12', 'fd64::/48', '10.80.0.0/24'],
        keepaliveSec: 25,
        mtu: 1420,
      },
    ]);
  });

  it('is safe to repeat, and a repeat renews', async () => {
    const first = await attachments.allocateAddress('vm-1', { ttlSec: 60 });
    node.clock.pass(30_000);
    expect(attachments.listAddresses()).toMatchObject([{ expiresInSec: 30 }]);
    expect(await attachments.allocateAddress('vm-1', { ttlSec: 60 })).toEqual(first);
    const publicKey = newKey();
    await attachments.claimKey('vm-1', { publicKey });
    await attachments.claimKey('vm-1', { publicKey });
    expect((await peers()).length).toBe(1);
  });

  it('gives a requested address, and refuses another for the same name', async () => {
    await attachments.allocateAddress('vm-1', { requestedIps: ['10.64.3.9', 'fd64:0:0:3::9'] });
    await attachments.allocateAddress('vm-1', { requestedIps: ['10.64.3.9/32', 'FD64:0:0:3:0::9'] });
    const other = attachments.allocateAddress('vm-1', { requestedIps: ['10.64.3.8'] });
    await expect(other).rejects.toMatchObject({
      code: 'address.unavailable',
      message: expect.stringContaining('10.64.3.9'),
    });
  });

  it('shares the addresses with the containers', async () => {
    await attachments.allocateAddress('vm-1', {});
    const given = await attachments.attach(keyNamed('c1'), inputFor(node.namespace('one')), patient(node));
    expect(given.addresses[0]?.address).toBe('10.64.3.3/32');
  });

  it('replaces a key by another, and the old one is heard no more', async () => {
    await attachments.allocateAddress('vm-1', {});
    await attachments.claimKey('vm-1', { publicKey: newKey() });
    const second = newKey();
    await attachments.claimKey('vm-1', { publicKey: second });
    expect((await peers()).map(({ publicKey }) => publicKey)).toEqual([second]);
  });

  it("refuses another's key: a container's, a joined one's, the node's", async () => {
    const container = await attachments.attach(keyNamed('c1'), inputFor(node.namespace('one')), patient(node));
    await attachments.allocateAddress('vm-1', {});
    await attachments.claimKey('vm-1', { publicKey: newKey() });
    const joined = attachments.listAddresses()[0]?.publicKey ?? '';
    await attachments.allocateAddress('vm-2', {});
    for (const publicKey of [container.publicKey ?? '', joined, node.podsKey.publicKey]) {
      await expect(attachments.claimKey('vm-2', { publicKey })).rejects.toMatchObject({
        code: 'key.claimed',
        message: expect.stringContaining(publicKey),
      });
    }
  });

  it('needs an address before a key and before peers', async () => {
    await expect(attachments.claimKey('vm-9', { publicKey: newKey() })).rejects.toMatchObject({
      code: 'address.unknown',
    });
    expect(() => attachments.joinPeers('vm-9')).toThrow(/vm-9/);
  });
});

describe('a joined address', () => {
  it('without a key lapses after 5 minutes, with one it lives on', async () => {
    await attachments.allocateAddress('keyless', {});
    await attachments.allocateAddress('keyed', {});
    await attachments.claimKey('keyed', { publicKey: newKey() });
    await running(async () => {
      node.clock.pass(299_000);
      await settle();
      expect(attachments.listAddresses().length).toBe(2);
      node.clock.pass(11_000);
      await expect.poll(() => attachments.listAddresses().map(({ name }) => name)).toEqual(['keyed']);
    });
  });

  it('that is renewed while its lapse waits for it stays with whoever renewed it', async () => {
    await attachments.allocateAddress('vm-1', { ttlSec: 60 });
    await running(async () => {
      node.clock.pass(59_000);
      await settle();
      // The renewal has the lock and writes its record while the chores find that the old lifetime is over.
      const renewing = attachments.allocateAddress('vm-1', { ttlSec: 60 });
      node.clock.pass(10_000);
      expect((await renewing).addresses[0]?.address).toBe('10.64.3.2/32');
      await settle();
      expect(attachments.listAddresses().map(({ name }) => name)).toEqual(['vm-1']);
      const other = await attachments.allocateAddress('vm-2', { requestedIps: ['10.64.3.2'] }).catch(String);
      expect(other).toContain('10.64.3.2 is taken');
    });
  });

  it('with a TTL lapses at its end, also across a restart', async () => {
    await attachments.allocateAddress('vm-1', { ttlSec: 100 });
    await attachments.claimKey('vm-1', { publicKey: newKey() });
    node.clock.pass(60_000);
    await restart();
    expect(attachments.listAddresses()).toMatchObject([{ expiresInSec: 40 }]);
    await running(async () => {
      node.clock.pass(41_000);
      await expect.poll(() => attachments.listAddresses()).toEqual([]);
    });
    expect(await peers()).toEqual([]);
    expect(attachments.isEmpty()).toBe(true);
  });

  it('survives a restart with its key, and keeps where it was last seen', async () => {
    await attachments.allocateAddress('vm-1', {});
    const publicKey = systemKeys.generate().publicKey;
    await attachments.claimKey('vm-1', { publicKey, endpoint: '192.0.2.7:4000' });
    node.devices.hear(podsRef('node-1'), publicKey, { from: '192.0.2.8:5000', bytes: 1, at: 1 });
    await restart();
    expect(attachments.listAddresses()).toMatchObject([{ publicKey }]);
    expect(await peers()).toMatchObject([{ publicKey, endpoint: '192.0.2.8:5000' }]);
  });

  it.each(['999.1.1.1:4000', '192.0.2.7:0', '192.0.2.7:99999', '[::1:4000'])(
    'claims nothing with the endpoint %s, which no device would take',
    async (endpoint) => {
      await attachments.allocateAddress('vm-1', {});
      const claim = async () => attachments.claimKey('vm-1', { publicKey: newKey(), endpoint });
      await expect(claim()).rejects.toMatchObject({ code: 'request.invalid', field: 'endpoint' });
      expect(await peers()).toEqual([]);
    },
  );

  it('is released by DELETE, which may come twice', async () => {
    await attachments.allocateAddress('vm-1', {});
    await attachments.claimKey('vm-1', { publicKey: newKey() });
    await attachments.releaseAddress('vm-1');
    await attachments.releaseAddress('vm-1');
    expect(await peers()).toEqual([]);
    expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([0, 0]);
    expect(node.emptied).toBe(1);
  });

  it('of a subnet that the node lost is withdrawn from the kernel', async () => {
    await attachments.allocateAddress('vm-1', {});
    await attachments.claimKey('vm-1', { publicKey: newKey() });
    await attachments.setView(viewOf(['10.64.9.0/28']));
    expect(await peers()).toEqual([]);
  });
});

async function running(work: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const loops = attachments.run(stop.signal);
  try {
    await work();
  } finally {
    stop.abort();
    await loops;
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}
