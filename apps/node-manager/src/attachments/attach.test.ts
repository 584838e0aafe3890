/** ADD on a node in memory: what it builds, in which order, what it refuses, and that a failure leaves nothing. */
import { CatalogueError } from '@wgcni/base';
import { rmSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from './attachments.ts';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from './fake-node.ts';

let node: FakeNode;
let attachments: Attachments;
let netns: string;
beforeEach(async () => {
  node = await FakeNode.make();
  attachments = await node.start();
  netns = node.namespace('one');
});
afterEach(() => node.close());

const add = (containerId = 'c1', more = {}) =>
  attachments.attach(keyNamed(containerId), inputFor(netns, more), patient(node));

describe('ADD', () => {
  it('gives an address of each family, a device and default routes, and answers with them', async () => {
    const given = await add();
    expect(given).toMatchObject({
      state: 'attached',
      addresses: [
        { address: '10.64.3.2/32', gateway: '10.64.3.1' },
        { address: 'fd64:0:0:3::2/128', gateway: 'fd64:0:0:3::1' },
      ],
      mtu: 1420,
      netns,
    });
    const inside = await node.kernel.observe(netns);
    expect(inside.links.find(({ name }) => name === 'eth0')).toMatchObject({
      isUp: true,
      mtu: 1420,
      kind: 'wireguard',
    });
    expect(inside.addresses.map(({ address, prefixLength }) => `${address}/${prefixLength}`)).toEqual([
      '10.64.3.2/32',
      'fd64:0:0:3::2/128',
    ]);
    expect(inside.routes.map(({ destination, device }) => [destination, device])).toEqual([
      ['0.0.0.0/0', 'eth0'],
      ['::/0', 'eth0'],
    ]);
    expect(await node.sysctl.read('net.ipv6.conf.eth0.disable_ipv6', netns)).toBe('0');
  });

  it.each(['add/reserve an address', 'add/make the device'])(
    'is refused, and leaves no peer, when the node loses the subnet right after %s',
    async (moment) => {
      const elsewhere = viewOf(['10.64.4.0/28', 'fd64:0:0:4::/64']);
      let losing: Promise<void> | undefined;
      node.onReach(moment, () => (losing = attachments.setView(elsewhere)));
      await expect(add()).rejects.toMatchObject({ code: 'node.unavailable' });
      await losing;
      expect(await node.allowed()).toEqual([]);
      expect(attachments.counts().total).toBe(0);
    },
  );

  it('puts the default routes of a second interface behind those of the first', async () => {
    await add();
    await attachments.attach({ ...keyNamed('c1'), ifName: 'eth1' }, inputFor(netns), patient(node));
    const { routes } = await node.kernel.observe(netns);
    expect(routes.map(({ destination, device, metric }) => [destination, device, metric])).toEqual([
      ['0.0.0.0/0', 'eth0', 0],
      ['::/0', 'eth0', 1024],
      ['0.0.0.0/0', 'eth1', 1025],
      ['::/0', 'eth1', 1025],
    ]);
  });

  it('lets the node side allow exactly the addresses, each side knowing the other on loopback', async () => {
    const { publicKey, listenPort } = await add();
    const [peer] = (await node.devices.observe({ id: await podsId(), name: 'wgcni-pods' }))?.peers ?? [];
    expect(peer).toMatchObject({
      publicKey,
      endpoint: `127.0.0.1:${listenPort}`,
      allowedIps: ['10.64.3.2/32', 'fd64:0:0:3::2/128'],
      keepaliveSec: 0,
    });
    const device = await containerDevice();
    expect(device?.publicKey).toBe(publicKey);
    expect(device?.peers).toMatchObject([
      { publicKey: node.podsKey.publicKey, endpoint: '127.0.0.1:51821', allowedIps: ['0.0.0.0/0', '::/0'] },
    ]);
  });

  it('configures the node side before the container has a device', async () => {
    const before = node.calls.length;
    await add();
    const order = node.calls
      .slice(before)
      .filter((name) => /devices\.(change|create|configure|settle)|iproute\.apply/.test(name));
    expect(order).toEqual(['devices.change', 'devices.create', 'devices.configure', 'iproute.apply', 'devices.settle']);
  });

  it('gives a single family when the node holds only that', async () => {
    await attachments.setView(viewOf(['fd64:0:0:3::/64']));
    const given = await add();
    expect(given.addresses.map(({ address }) => address)).toEqual(['fd64:0:0:3::2/128']);
    expect((await containerDevice())?.peers[0]?.allowedIps).toEqual(['::/0']);
  });

  it('gives two interfaces of one container different addresses and ports', async () => {
    const first = await add();
    const second = await attachments.attach(keyNamed('c1', 'eth1'), inputFor(netns), patient(node));
    expect(second.addresses).not.toEqual(first.addresses);
    expect(second.listenPort).not.toBe(first.listenPort);
  });

  it('passes over a port that someone else is bound to', async () => {
    node.foreignPorts.add(61_000).add(61_001);
    expect((await add()).listenPort).toBe(61_002);
  });

  it('works for many containers at once, all different', async () => {
    const paths = Array.from({ length: 12 }, (_, index) => node.namespace(`many-${index}`));
    const given = await Promise.all(
      paths.map((path, index) => attachments.attach(keyNamed(`m${index}`), inputFor(path), patient(node))),
    );
    expect(new Set(given.map(({ addresses }) => addresses[0]?.address)).size).toBe(12);
    expect(new Set(given.map(({ listenPort }) => listenPort)).size).toBe(12);
  });
});

describe('a requested address', () => {
  it('is given when it is free, with the other family as usual', async () => {
    const { addresses } = await add('c1', { requestedIps: ['10.64.3.9/32'] });
    expect(addresses.map(({ address }) => address)).toEqual(['10.64.3.9/32', 'fd64:0:0:3::2/128']);
  });

  it.each([
    ['10.64.3.1', 'address.unavailable'],
    ['10.64.3.0', 'address.unavailable'],
    ['10.64.3.15', 'address.unavailable'],
    ['10.99.0.1', 'address.unavailable'],
    ['fd64:0:0:3::1', 'address.unavailable'],
    ['010.64.3.9', 'request.invalid'],
    ['10.64.3.9/33', 'request.invalid'],
    ['rubbish', 'request.invalid'],
  ])('%s is refused as %s, and nothing is taken', async (text, code) => {
    await expect(add('c1', { requestedIps: [text] })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(text.split('/')[0] ?? ''),
    });
    expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([0, 0]);
  });

  it('that another has is refused', async () => {
    await add('c1', { requestedIps: ['10.64.3.9'] });
    const other = attachments.attach(
      keyNamed('c2', 'eth1'),
      inputFor(netns, { requestedIps: ['10.64.3.9'] }),
      patient(node),
    );
    await expect(other).rejects.toMatchObject({ code: 'address.unavailable' });
  });

  it('of one family twice is refused', async () => {
    await expect(add('c1', { requestedIps: ['10.64.3.8', '10.64.3.9'] })).rejects.toMatchObject({
      code: 'request.invalid',
    });
  });
});

describe('ADD is refused', () => {
  it('by admission, before anything is touched', async () => {
    node.refusal = new CatalogueError('node.fenced', 'no contact for 16 h');
    await expect(add()).rejects.toMatchObject({ code: 'node.fenced', cni: 11 });
  });

  it('before the node-manager has started, and before it knows its subnets', async () => {
    const opened = await (await import('./attachments.ts')).Attachments.open(node.deps());
    await expect(opened.attach(keyNamed('c1'), inputFor(netns), patient(node))).rejects.toMatchObject({ cni: 50 });
    await opened.start(undefined);
    await expect(opened.attach(keyNamed('c1'), inputFor(netns), patient(node))).rejects.toMatchObject({ cni: 50 });
  });

  it('in a namespace that is not there', async () => {
    const attempt = attachments.attach(keyNamed('c1'), inputFor('/run/netns/absent'), patient(node));
    await expect(attempt).rejects.toMatchObject({ code: 'netns.unusable', message: expect.stringContaining('absent') });
  });

  it("in the node's own namespace, unless that is allowed", async () => {
    const own = '/proc/self/ns/net';
    await expect(attachments.attach(keyNamed('c1'), inputFor(own), patient(node))).rejects.toMatchObject({
      code: 'netns.is-host',
    });
    const allowed = await attachments.attach(keyNamed('c1'), inputFor(own, { allowHostNetns: true }), patient(node));
    expect(allowed.state).toBe('attached');
  });

  it('when another interface has the name, which stays', async () => {
    node.kernel.addLink(netns, { name: 'eth0', kind: 'veth' });
    await expect(add()).rejects.toMatchObject({ code: 'interface.exists' });
    expect((await node.kernel.observe(netns)).links.map(({ name }) => name)).toContain('eth0');
    expect(attachments.counts().total).toBe(0);
  });

  it('when no address is left, and works after one DEL', async () => {
    const paths = Array.from({ length: 13 }, (_, index) => node.namespace(`full-${index}`));
    for (const [index, path] of paths.entries())
      await attachments.attach(keyNamed(`f${index}`), inputFor(path), patient(node));
    await expect(add()).rejects.toMatchObject({ code: 'pool.exhausted', cni: 101 });
    await attachments.release(keyNamed('f4'));
    expect((await add()).addresses[0]?.address).toBe('10.64.3.6/32');
  });
});

describe('an ADD that meets an earlier one', () => {
  it('that was answered and lives is refused, and the first still works', async () => {
    await add();
    await attachments.answered(keyNamed('c1'));
    await expect(add()).rejects.toMatchObject({ code: 'interface.exists', cni: 103 });
    await attachments.check(keyNamed('c1'), { netns, addresses: ['10.64.3.2/32'] });
  });

  it('that was never answered replaces it', async () => {
    const first = await add();
    const second = await add();
    expect(second.publicKey).not.toBe(first.publicKey);
    expect(attachments.counts().total).toBe(1);
    expect(await node.allowed()).toEqual(second.addresses.map(({ address }) => address));
  });

  it('whose link was removed goes on without a leak', async () => {
    await add();
    await attachments.answered(keyNamed('c1'));
    node.kernel.removeLink(netns, 'eth0');
    await add();
    expect(attachments.counts().total).toBe(1);
    expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([1, 1]);
  });

  it('whose namespace was replaced goes on with one allocation', async () => {
    await add();
    await attachments.answered(keyNamed('c1'));
    const other = node.namespace('other');
    await attachments.attach(keyNamed('c1'), inputFor(other), patient(node));
    expect(attachments.list()).toMatchObject([{ netns: other }]);
    expect((await node.kernel.observe(netns)).links.map(({ name }) => name)).toEqual(['lo']);
  });
});

describe('an ADD that fails', () => {
  it.each(['wireguard', 'veth'] as const)(
    'over %s at any call of a port leaves nothing behind, and the next one succeeds',
    async (link) => {
      node.link = link;
      attachments = await node.start();
      const before = await node.residue([netns]);
      const start = node.calls.length;
      await add();
      const steps = node.calls.slice(start);
      await attachments.release(keyNamed('c1'));
      expect(steps.length).toBeGreaterThan(8);
      for (const [index, name] of steps.entries()) {
        const failing = node.calls.length + index + 1;
        node.failCall = (_, number) => {
          if (number === failing) throw new CatalogueError('kernel.refused', `injected at ${name}`);
        };
        await expect(add(), name).rejects.toMatchObject({ message: `injected at ${name}` });
        expect(await node.residue([netns]), name).toEqual(before);
        expect(attachments.list(), name).toEqual([]);
        expect(
          attachments.addressUse().map(({ taken }) => taken),
          name,
        ).toEqual([0, 0]);
      }
      node.failCall = () => {};
      await add();
    },
  );

  it('goes on with its rollback later when that fails too', async () => {
    const before = await node.residue([netns]);
    node.failCall = (name) => {
      if (name === 'iproute.apply' || name === 'devices.remove') throw new CatalogueError('kernel.refused', 'injected');
    };
    await expect(add()).rejects.toMatchObject({ message: 'injected' });
    expect(attachments.counts().total).toBe(1);
    node.failCall = () => {};
    const stop = new AbortController();
    const running = attachments.run(stop.signal);
    node.clock.pass(10_000);
    await expect.poll(() => attachments.counts().total).toBe(0);
    expect(await node.residue([netns])).toEqual(before);
    stop.abort();
    await running;
  });

  it('because the disk takes no record leaves nothing, before and after the kernel was touched', async () => {
    const before = await node.residue([netns]);
    const directory = join(node.dataDir, 'attachments');
    await rm(directory, { recursive: true });
    await writeFile(directory, 'in the way');
    await expect(add()).rejects.toMatchObject({ code: 'io.failed', message: expect.stringContaining(directory) });
    await rm(directory);
    node.failCall = (name) => {
      if (name !== 'devices.settle') return;
      rmSync(directory, { recursive: true });
      writeFileSync(directory, 'in the way');
    };
    await expect(add()).rejects.toMatchObject({ code: 'io.failed' });
    expect(await node.residue([netns])).toEqual(before);
    node.failCall = () => {};
    await rm(directory);
    await add();
    expect(attachments.counts().total).toBe(1);
  });

  it.each(['devices.create', 'devices.configure', 'iproute.apply', 'devices.settle'])(
    'because its deadline passed during %s is rolled back, and no later step starts',
    async (slow) => {
      const before = await node.residue([netns]);
      node.failCall = (name) => {
        if (name === slow) node.clock.pass(20_000);
      };
      await expect(add()).rejects.toMatchObject({ code: 'timed.out' });
      expect(await node.residue([netns])).toEqual(before);
      expect(attachments.counts().total).toBe(0);
    },
  );

  it('because the caller went away is rolled back, even after its last step', async () => {
    const caller = new AbortController();
    node.failCall = (name) => {
      if (name === 'devices.settle') caller.abort();
    };
    const attempt = attachments.attach(keyNamed('c1'), inputFor(netns), { ...patient(node), signal: caller.signal });
    await expect(attempt).rejects.toMatchObject({ code: 'timed.out' });
    expect(await node.allowed()).toEqual([]);
    expect(attachments.counts().total).toBe(0);
  });
});

async function podsId(): Promise<string> {
  const { podsRef } = await import('../pods/pods-device.ts');
  return podsRef('node-1').id;
}

async function containerDevice() {
  const ids = (await node.devices.liveIds('wg')).filter((id) => id !== undefined);
  const pods = await podsId();
  const id = ids.find((one) => one !== pods) ?? '';
  return node.devices.observe({ id, name: 'eth0' });
}
