/** A container that is joined by a veth: the same life as any other, and what is particular to it. */
import { addSteps } from '@wgcni/cni';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Attachments } from '../../attachments.ts';
import { FakeNode, inputFor, keyNamed, patient, viewOf } from '../../fake-node.ts';
import { macsOf, nodeEndOf } from './veth-names.ts';

const key = keyNamed('c1');
const nodeEnd = nodeEndOf('node-1', key);
const macs = macsOf(nodeEnd);

let node: FakeNode;
let attachments: Attachments;
let netns: string;
beforeEach(async () => {
  node = await FakeNode.make();
  node.link = 'veth';
  attachments = await node.start();
  netns = node.namespace('one');
});
afterEach(() => node.close());

const add = (one = key, path = netns) => attachments.attach(one, inputFor(path), patient(node));
const check = async (more: object = {}) =>
  attachments.check(key, { netns, addresses: attachments.get(key).addresses.map(({ address }) => address), ...more });
const nodeRoutes = async () =>
  (await node.kernel.observe(undefined)).routes
    .filter(({ device }) => device === nodeEnd)
    .map(({ destination, source }) => [destination, source]);
const intoContainer = [
  ['10.64.3.2/32', '10.64.3.1'],
  ['fd64:0:0:3::2/128', 'fd64:0:0:3::1'],
];

describe('an ADD', () => {
  it('answers as it does with WireGuard, and with a MAC', async () => {
    expect(await add()).toEqual({
      ...{ ...key, netns, state: 'attached', mtu: 1420, publicKey: null, listenPort: 0 },
      ...{ link: 'veth', mac: macs.container },
      addresses: [
        { address: '10.64.3.2/32', gateway: '10.64.3.1' },
        { address: 'fd64:0:0:3::2/128', gateway: 'fd64:0:0:3::1' },
      ],
    });
    expect(await node.residue([netns])).toMatchObject({ links: [['lo', 'eth0']], nodeEnds: [nodeEnd] });
  });

  it('gives the container its addresses, its gateways by fixed neighbours, and default routes through them', async () => {
    await add();
    const inside = await node.kernel.observe(netns);
    expect(inside.links.find(({ name }) => name === 'eth0')).toMatchObject({
      mtu: 1420,
      isUp: true,
      mac: macs.container,
    });
    expect(inside.addresses.map(({ address, prefixLength }) => [address, prefixLength])).toEqual([
      ['10.64.3.2', 32],
      ['fd64:0:0:3::2', 128],
    ]);
    const device = 'eth0';
    expect(inside.routes).toMatchObject([
      { destination: '10.64.3.1/32', device },
      { destination: 'fd64:0:0:3::1/128', device },
      { destination: '0.0.0.0/0', device, via: '10.64.3.1' },
      { destination: '::/0', device, via: 'fd64:0:0:3::1' },
    ]);
    for (const gateway of ['10.64.3.1', 'fd64:0:0:3::1'])
      expect(node.kernel.neighbour(netns, 'eth0', gateway)).toBe(macs.node);
  });

  it('gives the node a route and a fixed neighbour for each address, and speaks from the gateway', async () => {
    await add();
    expect(await nodeRoutes()).toEqual(intoContainer);
    for (const address of ['10.64.3.2', 'fd64:0:0:3::2'])
      expect(node.kernel.neighbour(undefined, nodeEnd, address)).toBe(macs.container);
  });

  it('lets the node believe no router of a container, and have no address of its own there', async () => {
    await add();
    const six = (name: string) => node.sysctl.read(`net.ipv6.conf.${nodeEnd}.${name}`);
    expect(await Promise.all(['accept_ra', 'accept_redirects', 'disable_ipv6'].map(six))).toEqual(['0', '0', '0']);
    expect(await six('addr_gen_mode')).toBe('1');
    expect(await node.sysctl.read(`net.ipv6.conf.eth0.addr_gen_mode`, netns)).toBe('1');
  });

  it("keeps IPv6 off the node's end when the container has none", async () => {
    await attachments.setView(node.view(['10.64.3.0/28']));
    await add();
    expect(await node.sysctl.read(`net.ipv6.conf.${nodeEnd}.disable_ipv6`)).toBe('1');
  });

  it('puts everything of a second interface behind the first, its way to the gateway too', async () => {
    await add();
    await add(keyNamed('c1', 'net1'));
    const { routes } = await node.kernel.observe(netns);
    const metricsOf = (device: string) =>
      new Set(routes.filter((one) => one.device === device).map(({ metric }) => metric));
    expect(metricsOf('eth0')).toEqual(new Set([0, 1_024]));
    expect(metricsOf('net1')).toEqual(new Set([1_025]));
    expect(routes).toHaveLength(8);
  });

  it("is a tunnel all the same in the node's own namespace, whose address the gateway is", async () => {
    const own = '/proc/self/ns/net';
    const input = inputFor(own, { allowHostNetns: true });
    expect(await attachments.attach(key, input, patient(node))).not.toHaveProperty('link');
  });

  it('passes every step that it has, in the order of the list', async () => {
    await add();
    const reached = node.reached.flatMap((name) => (name.startsWith('add/') ? [name.slice('add/'.length)] : []));
    const without = new Set(['add the peer', 'wait for the device']);
    expect(reached.filter((name) => name !== 'addresses taken')).toEqual(addSteps.filter((step) => !without.has(step)));
  });

  it('says in the record that it is a veth', async () => {
    await add();
    const directory = join(node.dataDir, 'attachments');
    const [name = ''] = await readdir(directory);
    expect(JSON.parse(await readFile(join(directory, name), 'utf8'))).toMatchObject({
      link: 'veth',
      port: 0,
      publicKey: null,
    });
  });

  it('is refused when the interface is there, and replaces one that was never answered', async () => {
    await add();
    expect((await add()).state).toBe('attached');
    await attachments.answered(key);
    await expect(add()).rejects.toMatchObject({ code: 'interface.exists' });
    expect(attachments.counts().total).toBe(1);
  });
});

describe('a network whose link changes', () => {
  it('leaves what runs as it is, whatever was asked for before', async () => {
    const veth = await add();
    await attachments.setView(viewOf());
    const tunnel = await add(keyNamed('c2'), node.namespace('two'));
    expect(tunnel).not.toHaveProperty('link');
    expect(tunnel.publicKey).not.toBeNull();
    await attachments.setView(node.view());
    attachments = await node.start();
    expect(attachments.list()).toEqual([veth, tunnel]);
    await check();
    await attachments.release(keyNamed('c2'));
    await attachments.release(key);
    expect(await node.residue([netns])).toMatchObject({ allowed: [], nodeEnds: [], links: [['lo']] });
  });
});

describe('a CHECK', () => {
  it.each<[string, (kernel: FakeNode['kernel']) => void | Promise<void>, string]>([
    ['the interface', (kernel) => kernel.removeLink(netns, 'eth0'), 'the interface eth0 was removed'],
    [
      'another interface in its place',
      (kernel) => {
        kernel.removeLink(netns, 'eth0');
        kernel.addLink(netns, { name: 'eth0', kind: 'veth' });
      },
      'not the veth of this attachment',
    ],
    [
      'an interface that is down',
      (kernel) => kernel.apply([{ kind: 'set-link', name: 'eth0', isUp: false }], netns),
      'the interface eth0 is down',
    ],
    [
      "the node's end that is down",
      (kernel) => kernel.apply([{ kind: 'set-link', name: nodeEnd, isUp: false }], undefined),
      `the node's end ${nodeEnd} is down; the node's route to 10.64.3.2`,
    ],
    [
      'a default route',
      (kernel) =>
        kernel.apply(
          [{ kind: 'remove-route', route: { destination: '::/0', kind: 'unicast', device: 'eth0' } }],
          netns,
        ),
      'the route ::/0 through eth0 was removed',
    ],
    ['the namespace', (kernel) => kernel.removeNamespace(netns), `the network namespace /run/netns/one is gone`],
  ])('names what is wrong with %s', async (_, harm, words) => {
    await add();
    await check();
    await harm(node.kernel);
    await expect(check()).rejects.toMatchObject({ code: 'attachment.broken', message: expect.stringContaining(words) });
  });
});

describe("the node's side", () => {
  it('is put back when somebody took it away, and nothing is written otherwise', async () => {
    await add();
    await node.kernel.apply([{ kind: 'set-link', name: nodeEnd, isUp: false }], undefined);
    await node.kernel.apply([{ kind: 'set-link', name: nodeEnd, isUp: true }], undefined);
    expect(await nodeRoutes()).toEqual([]);
    await attachments.setView(node.view());
    expect(await nodeRoutes()).toEqual(intoContainer);
    const writes = node.kernel.applied.length;
    await attachments.setView(node.view());
    expect(node.kernel.applied.length).toBe(writes);
  });

  it('loses the way to an address whose subnet the node lost, and has it again with the subnet', async () => {
    await add();
    await attachments.setView(node.view(['fd64:0:0:3::/64']));
    expect(await nodeRoutes()).toEqual(intoContainer.slice(1));
    expect(attachments.get(key).state).toBe('orphaned');
    await expect(check()).rejects.toMatchObject({ code: 'node.limited' });
    await attachments.setView(node.view());
    expect(await nodeRoutes()).toHaveLength(2);
    await check();
  });

  it('takes another MTU at both ends', async () => {
    await add();
    const stop = new AbortController();
    const running = attachments.run(stop.signal);
    await attachments.setView(viewOf(undefined, 1380, 'veth'));
    node.clock.pass(2_000);
    await expect.poll(() => attachments.get(key).mtu).toBe(1380);
    const mtuOf = async (path: string | undefined, name: string) =>
      (await node.kernel.observe(path)).links.find((link) => link.name === name)?.mtu;
    expect([await mtuOf(netns, 'eth0'), await mtuOf(undefined, nodeEnd)]).toEqual([1380, 1380]);
    stop.abort();
    await running;
  });
});

describe('a data directory that was lost', () => {
  beforeEach(async () => {
    await add();
    await attachments.answered(key);
    await rm(node.dataDir, { recursive: true });
    attachments = await node.start();
  });

  it('costs nothing: what lives is adopted, and its addresses are given to nobody', async () => {
    expect(attachments.list()).toMatchObject([
      { state: 'adopted', link: 'veth', containerId: nodeEnd, mac: macs.container },
    ]);
    const other = await add(keyNamed('c2'), node.namespace('two'));
    expect(other.addresses.map(({ address }) => address)).not.toContain('10.64.3.2/32');
  });

  it('is told once the node holds the subnet again, also when the network has gone back to WireGuard', async () => {
    await rm(node.dataDir, { recursive: true });
    attachments = await node.start(viewOf(['10.64.7.0/28']));
    expect(attachments.list()).toEqual([]);
    await attachments.setView(viewOf());
    expect(attachments.list()).toMatchObject([{ state: 'adopted', link: 'veth' }]);
  });

  it('stays so over another restart, beside others without a key', async () => {
    await add(keyNamed('c2'), node.namespace('two'));
    attachments = await node.start();
    expect(attachments.list().map(({ state }) => state)).toEqual(['adopted', 'attached']);
  });

  it('is made good when the runtime names the container: by CHECK, by ADD and by DEL', async () => {
    await attachments.check(key, { netns, addresses: ['10.64.3.2/32'] });
    expect(attachments.list()).toMatchObject([{ ...key, state: 'answered', netns }]);
    await attachments.release(key);
    expect(await node.residue([netns])).toMatchObject({ allowed: [], nodeEnds: [], links: [['lo']] });
  });

  it('ends also when nobody but a DEL without a namespace names it', async () => {
    await attachments.release(key);
    expect(attachments.list()).toEqual([]);
    expect(await node.residue([netns])).toMatchObject({ nodeEnds: [], links: [['lo']] });
  });
});

describe('a container that is gone without a DEL', () => {
  it('is freed after two observations 30 s apart, and one that lives is not', async () => {
    for (const name of ['c2', 'c3']) await add(keyNamed(name), node.namespace(name));
    await add();
    const stop = new AbortController();
    const running = attachments.run(stop.signal);
    node.kernel.removeNamespace(netns);
    for (const looks of [1, 2, 3]) {
      const loops = node.clock.sleepers;
      node.clock.pass(30_000);
      await expect.poll(() => node.clock.sleepers).toBe(loops);
      if (looks === 1) expect(attachments.counts().total).toBe(3);
    }
    await expect.poll(() => attachments.counts().total).toBe(2);
    expect(attachments.list().map(({ containerId }) => containerId)).toEqual(['c2', 'c3']);
    stop.abort();
    await running;
  });

  it('is collected by GC at once, and one that lives only when forced', async () => {
    await add();
    expect((await attachments.collect('mesh', { valid: [] })).kept).toHaveLength(1);
    node.kill(key);
    expect((await attachments.collect('mesh', { valid: [] })).removed).toHaveLength(1);
    await add();
    expect((await attachments.collect('mesh', { valid: [], force: true })).removed).toHaveLength(1);
  });
});
