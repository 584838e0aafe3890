/** DEL, CHECK, GC and the plugin's answer, on a node in memory. */
import { CatalogueError } from '@wgcni/base';
import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { podsRef } from '../pods/pods-device.ts';
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

const key = keyNamed('c1');
const add = (one = key, path = netns) => attachments.attach(one, inputFor(path), patient(node));
const checked = () => attachments.check(key, { netns, addresses: ['10.64.3.2/32', 'fd64:0:0:3::2/128'] });

describe('DEL', () => {
  it('removes device, peer, record and allocation, and tells when nothing is left', async () => {
    const before = await node.residue([netns]);
    await add();
    await attachments.release(key);
    expect(await node.residue([netns])).toEqual(before);
    expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([0, 0]);
    expect(node.emptied).toBe(1);
  });

  it('succeeds three times, and before any ADD', async () => {
    await attachments.release(keyNamed('never'));
    await add();
    for (let time = 0; time < 3; time += 1) await attachments.release(key);
    expect(attachments.list()).toEqual([]);
  });

  it('succeeds when namespace, device and peer are gone already', async () => {
    await add();
    node.kernel.removeNamespace(netns);
    for (const id of await node.devices.liveIds('wg')) node.devices.die(id);
    await attachments.release(key);
    expect(attachments.list()).toEqual([]);
  });

  it('ends a process that answers nothing any more, and asks it nothing', async () => {
    const before = await node.residue([netns]);
    await add();
    const observe = node.devices.observe.bind(node.devices);
    node.devices.observe = async (ref) => {
      if (ref.id !== podsRef('node-1').id) throw new CatalogueError('timed.out', '"wg show" did not end');
      return observe(ref);
    };
    await attachments.release(key);
    node.devices.observe = observe;
    expect(await node.residue([netns])).toEqual(before);
  });

  it('ends such a process also when its record was lost; its peer goes when it is seen to be dead', async () => {
    await add();
    await rm(node.dataDir, { recursive: true });
    attachments = await node.start();
    const observe = node.devices.observe.bind(node.devices);
    node.devices.observe = async (ref) => {
      if (ref.id !== podsRef('node-1').id) throw new CatalogueError('timed.out', '"wg show" did not end');
      return observe(ref);
    };
    await attachments.release(key, { netns });
    expect(await node.devices.liveIds('wg')).toEqual([podsRef('node-1').id]);
    expect(attachments.list()).toMatchObject([{ state: 'adopted' }]);
  });

  it('leaves alone what someone else put in the place of its device', async () => {
    await add();
    node.kill(key);
    node.kernel.addLink(netns, { name: 'eth0', kind: 'veth' });
    await attachments.release(key);
    const { links } = await node.kernel.observe(netns);
    expect(links.map(({ name, kind }) => [name, kind])).toContainEqual(['eth0', 'veth']);
  });

  it.each(['devices.remove', 'devices.change'])(
    'keeps the address while %s fails, and frees it the next time',
    async (failing) => {
      await add();
      node.failCall = (name) => {
        if (name === failing) throw new CatalogueError('kernel.refused', 'injected');
      };
      await expect(attachments.release(key)).rejects.toMatchObject({ code: 'kernel.refused' });
      expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([1, 1]);
      node.failCall = () => {};
      await attachments.release(key);
      expect(attachments.addressUse().map(({ taken }) => taken)).toEqual([0, 0]);
      expect(await node.allowed()).toEqual([]);
    },
  );

  it('waits for an ADD of the same attachment, and then wins', async () => {
    const adding = add();
    await attachments.release(key);
    await adding;
    expect(attachments.list()).toEqual([]);
  });

  it('is never undone by a reconcile that runs at the same time', async () => {
    await add();
    await add(keyNamed('c2'), node.namespace('two'));
    await Promise.all([attachments.setView(viewOf()), attachments.release(key), attachments.setView(viewOf())]);
    expect(await node.allowed()).toEqual(['10.64.3.3/32', 'fd64:0:0:3::3/128']);
  });
});

describe('the address that DEL freed', () => {
  it('is given again only after every other, unless it is asked for', async () => {
    await add();
    await attachments.release(key);
    expect((await add()).addresses[0]?.address).toBe('10.64.3.3/32');
    const other = attachments.attach(
      keyNamed('c2'),
      inputFor(node.namespace('two'), { requestedIps: ['10.64.3.2'] }),
      patient(node),
    );
    expect((await other).addresses[0]?.address).toBe('10.64.3.2/32');
  });
});

describe('CHECK', () => {
  beforeEach(async () => {
    await add();
  });

  it('passes right after ADD, and stands for the answer that was lost', async () => {
    await checked();
    expect(attachments.get(key).state).toBe('answered');
  });

  it('tolerates another MTU, which later plugins may set', async () => {
    await node.kernel.apply([{ kind: 'set-link', name: 'eth0', mtu: 1300 }], netns);
    await checked();
  });

  const peers = async () => (await node.devices.observe(podsRef('node-1')))?.peers ?? [];
  const faults: [string, RegExp, () => Promise<unknown>][] = [
    [
      'interface down',
      /eth0 is down/,
      () => node.kernel.apply([{ kind: 'set-link', name: 'eth0', isUp: false }], netns),
    ],
    ['interface removed', /eth0 was removed/, async () => node.kernel.removeLink(netns, 'eth0')],
    ['namespace gone', /namespace .* is gone/, async () => node.kernel.removeNamespace(netns)],
    [
      'address removed',
      /10\.64\.3\.2 was removed/,
      () =>
        node.kernel.apply([{ kind: 'remove-address', link: 'eth0', address: '10.64.3.2', prefixLength: 32 }], netns),
    ],
    [
      'route removed',
      /route ::\/0 through eth0 was removed/,
      () =>
        node.kernel.apply(
          [{ kind: 'remove-route', route: { destination: '::/0', kind: 'unicast', device: 'eth0' } }],
          netns,
        ),
    ],
    [
      'peer removed',
      /peer of this attachment was removed/,
      async () => {
        const changes = (await peers()).map(({ publicKey }) => ({ kind: 'remove' as const, publicKey }));
        await node.devices.change(podsRef('node-1'), changes);
      },
    ],
    [
      'peer without an address',
      /does not allow fd64:0:0:3::2/,
      async () => {
        const allowedIps = ['10.64.3.2/32'];
        const changes = (await peers()).map(({ publicKey }) => ({ kind: 'update' as const, publicKey, allowedIps }));
        await node.devices.change(podsRef('node-1'), changes);
      },
    ],
  ];
  it.each(faults)('names %s', async (_, message, breakIt) => {
    await breakIt();
    await expect(checked()).rejects.toMatchObject({
      code: 'attachment.broken',
      message: expect.stringMatching(message),
    });
  });

  it('names a removed allocation', async () => {
    await attachments.release(key);
    await expect(checked()).rejects.toMatchObject({ code: 'attachment.unknown' });
  });

  it('takes an address that a later plugin added and lists for right, and one that it lists but did not add for wrong', async () => {
    const extra = { kind: 'set-address', link: 'eth0', address: '203.0.113.9', prefixLength: 24 } as const;
    const listed = { netns, addresses: ['10.64.3.2/32', 'fd64:0:0:3::2/128', '203.0.113.9/24'] };
    await expect(attachments.check(key, listed)).rejects.toThrow('203.0.113.9/24 is neither');
    await node.kernel.apply([extra], netns);
    await attachments.check(key, listed);
  });

  it('does not miss what a later plugin took away, from the kernel and from the result', async () => {
    await node.kernel.apply(
      [
        { kind: 'remove-address', link: 'eth0', address: 'fd64:0:0:3::2', prefixLength: 128 },
        { kind: 'remove-route', route: { destination: '::/0', kind: 'unicast', device: 'eth0' } },
      ],
      netns,
    );
    await attachments.check(key, { netns, addresses: ['10.64.3.2/32'], routes: ['0.0.0.0/0'] });
    await expect(
      attachments.check(key, { netns, addresses: ['10.64.3.2/32'], routes: ['0.0.0.0/0', '0::/0'] }),
    ).rejects.toThrow('route ::/0');
  });

  it('finds a route that a later plugin moved to another table', async () => {
    const before = (await node.kernel.observe(netns)).routes.find(({ destination }) => destination === '0.0.0.0/0');
    const route = { destination: '0.0.0.0/0', kind: 'unicast', device: 'eth0' } as const;
    await node.kernel.apply([{ kind: 'remove-route', route }], netns);
    const listed = { netns, addresses: ['10.64.3.2/32'], routes: ['0.0.0.0/0', '::/0'] };
    await expect(attachments.check(key, listed)).rejects.toThrow('route 0.0.0.0/0');
    if (before === undefined) throw new Error('there was no default route');
    node.kernel.addForeignRoute(netns, { ...before, table: 100 });
    await attachments.check(key, listed);
  });

  it('names an address of the previous result that is not its own', async () => {
    const foreign = attachments.check(key, { netns, addresses: ['10.64.3.9/32'] });
    await expect(foreign).rejects.toMatchObject({ message: expect.stringContaining('10.64.3.9/32') });
  });
});

describe("the plugin's word that it answered", () => {
  it('is kept, may come twice, and needs an attachment', async () => {
    await add();
    await attachments.answered(key);
    await attachments.answered(key);
    expect(attachments.get(key).state).toBe('answered');
    await expect(attachments.answered(keyNamed('none'))).rejects.toMatchObject({ code: 'attachment.unknown' });
  });
});

describe('GC', () => {
  const two = keyNamed('c2');
  let other: string;
  beforeEach(async () => {
    other = node.namespace('two');
    await add();
    await add(two, other);
  });

  it('removes what is not valid and dead, keeps what is alive, and does not look at another network', async () => {
    await add({ ...key, network: 'elsewhere', containerId: 'c3' }, node.namespace('three'));
    node.kill(two);
    node.kernel.removeNamespace(other);
    const collected = await attachments.collect('mesh', { valid: [] });
    expect(collected).toEqual({
      removed: [{ containerId: 'c2', ifName: 'eth0' }],
      kept: [{ containerId: 'c1', ifName: 'eth0' }],
    });
    expect(attachments.list().map(({ containerId }) => containerId)).toEqual(['c3', 'c1']);
  });

  it('goes on past what cannot be removed, and names it', async () => {
    const second = keyNamed('c3');
    await add(second, node.namespace('three'));
    let removals = 0;
    node.failCall = (name) => {
      if (name === 'devices.remove' && (removals += 1) === 1)
        throw new CatalogueError('kernel.refused', 'the link is busy', { remedy: 'wait' });
    };
    const collecting = attachments.collect('mesh', { valid: [], force: true });
    await expect(collecting).rejects.toThrow(/mesh\/c1\/eth0: the link is busy/);
    expect(attachments.list().map(({ containerId }) => containerId)).toEqual(['c1']);
    node.failCall = () => {};
    expect((await attachments.collect('mesh', { valid: [], force: true })).removed).toHaveLength(1);
  });

  it('takes a namespace of the same inode for no sign of life: inodes are used again', async () => {
    node.kill(key);
    expect(await attachments.collect('mesh', { valid: [] })).toMatchObject({
      removed: [{ containerId: 'c1' }],
    });
    expect(attachments.list().map(({ containerId }) => containerId)).toEqual(['c2']);
  });

  it('removes what is alive too when forced, but nothing that is valid', async () => {
    const collected = await attachments.collect('mesh', {
      valid: [{ containerId: 'c2', ifName: 'eth0' }],
      force: true,
    });
    expect(collected.removed).toEqual([{ containerId: 'c1', ifName: 'eth0' }]);
    expect(attachments.list().map(({ containerId }) => containerId)).toEqual(['c2']);
  });
});

describe('lists', () => {
  it('count and show what there is', async () => {
    await add(keyNamed('b'));
    await add(keyNamed('a'), node.namespace('two'));
    expect(attachments.list().map(({ containerId }) => containerId)).toEqual(['a', 'b']);
    expect(attachments.counts()).toEqual({ total: 2, orphaned: 0, adopted: 0 });
    expect(attachments.addressUse()).toMatchObject([{ subnet: '10.64.3.0/28', taken: 2, free: '11' }, { taken: 2 }]);
    expect(attachments.isEmpty()).toBe(false);
  });
});
