/**
 * Containers of one node over real WireGuard (wireguard-go, or the kernel where it has it) and over veths, and the node-manager's restart
 * under them:
 *
 *   one: eth0 (wg) ──┐
 *                    ├─ loopback of node: wgcni-pods (wg), routes 10.64.3.0/28 and fd64:0:0:3::/64
 *   two: eth0 (wg) ──┘
 *
 *   one: eth0 ──── wgcni-v… ──┐
 *                             ├─ node: a route for each address; the gateways are on wgcni-pods
 *   two: eth0 ──── wgcni-v… ──┘
 */
import { noFaultPoints, silentLog, systemClock } from '@wgcni/base';
import { parseCidr } from '@wgcni/ipam';
import { ExecFirewall, ExecIpRoute, ExecSysctl } from '@wgcni/iproute';
import { ThrowawayNetns } from '@wgcni/iproute/contract';
import { type Backend, detectBackend, openDevices, systemKeys, type WgDevices } from '@wgcni/wg';
import { closePlace, openPlace, type RealPlace } from '@wgcni/wg/contract';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chainPrefix, planChains } from '../host/plan-chains.ts';
import { keepNodeKey } from '../keys/node-key.ts';
import type { NodeView } from '../node-view.ts';
import { podsRef } from '../pods/pods-device.ts';
import { RepairBook } from '../repair/repair-book.ts';
import { Attachments } from './attachments.ts';
import { kernelBootId } from './boot-id.ts';
import { deviceOf } from './container-device.ts';
import type { AttachmentsDeps } from './deps.ts';
import { inputFor, keyNamed, viewOf } from './fake-node.ts';
import { parseUdpTable } from './udp-ports.ts';

const nodeId = `node-${randomBytes(4).toString('hex')}`;
/** The kernel's WireGuard where there is one. */
const backend: Backend = await detectBackend();
const [one, two] = [keyNamed('one'), keyNamed('two')];
const chains = planChains({
  ...{ meshPort: 51_820, podPort: 51_821, containerPorts: { first: 61_000, last: 65_535 } },
  leaving: { mode: 'off', except: [], sources: [], routes: [] },
  ...{ pools: ['10.64.0.0/12', 'fd64::/48'].map((text) => parseCidr(text)), clientPools: [] },
  ...{ controlPlane: undefined, hasIpv6: true },
});
const limits = () => ({ signal: new AbortController().signal, deadlineAt: systemClock.monotonicMs() + 120_000 });

let place: RealPlace;
let second: ThrowawayNetns;
let dataDir: string;
let devices: WgDevices;
let link: NodeView['link'];
let attachments: Attachments;

describe.each(['wireguard', 'veth'] as const)('with link %s', (linkOfAll) => {
  beforeAll(async () => {
    place = await openPlace();
    second = await ThrowawayNetns.open();
    dataDir = await mkdtemp(join(tmpdir(), 'wgcni-root-'));
    for (const family of ['net.ipv4.ip_forward', 'net.ipv6.conf.all.forwarding'])
      await place.node.run('sysctl', '-qw', `${family}=1`);
    // Any packet filter of ours needs the kernel's rpfilter: a veth is fenced by it, as a tunnel is by its key.
    await new ExecFirewall({ ownNetns: place.node.path }).ensure(chains, chainPrefix);
    link = linkOfAll;
    attachments = await start();
  });
  afterAll(async () => {
    const ids = [
      deviceOf(nodeId, { ...one, netns: '' }).id,
      deviceOf(nodeId, { ...two, netns: '' }).id,
      podsRef(nodeId).id,
    ];
    if (backend === 'userspace') for (const id of ids) await devices.remove({ id, name: id });
    await second.close();
    await closePlace(place);
    await rm(dataDir, { recursive: true });
  });

  describe('two containers of one node', () => {
    it('reach each other, their gateway, and are reached from the node, over both families', async () => {
      const [first, other] = await Promise.all([
        attachments.attach(one, inputFor(place.container.path), limits()),
        attachments.attach(two, inputFor(second.path), limits()),
      ]);
      for (const index of [0, 1]) {
        const { address = '', gateway = '' } = other.addresses[index] ?? {};
        expect(await lossOf(place.container, bare(address))).toBe(0);
        expect(await lossOf(place.container, gateway)).toBe(0);
        expect(await lossOf(place.node, bare(address))).toBe(0);
        expect(await lossOf(second, bare(first.addresses[index]?.address ?? ''))).toBe(0);
      }
    });

    it('pass CHECK, and a second ADD of one is refused', async () => {
      await attachments.check(one, {
        netns: place.container.path,
        addresses: attachments.get(one).addresses.map(({ address }) => address),
      });
      const again = attachments.attach(one, inputFor(place.container.path), limits());
      await expect(again).rejects.toMatchObject({ code: 'interface.exists' });
    });

    it('get nothing through from an address that is not their own, in the pools or out of them', async () => {
      const others = attachments.get(two).addresses.map(({ address }) => bare(address));
      for (const [index, strange] of [
        ['10.64.3.13', '192.0.2.9'],
        ['fd64:0:0:3::99', 'fe80::99'],
      ].entries()) {
        const { gateway = '' } = attachments.get(one).addresses[index] ?? {};
        const seen = await echoesSeen();
        expect(await lossOf(place.container, gateway)).toBe(0);
        expect(await echoesSeen()).toBe(seen + 3);
        for (const spoofed of [...strange, others[index] ?? '']) {
          const cidr = `${spoofed}/${spoofed.includes(':') ? 128 : 32}`;
          await place.container.run(
            'ip',
            'addr',
            'add',
            cidr,
            'dev',
            'eth0',
            ...(spoofed.includes(':') ? ['nodad'] : []),
          );
          const ping = `ping -c 2 -i 0.2 -W 1 -q -I ${spoofed.startsWith('fe80') ? `${spoofed}%eth0` : spoofed} ${gateway} || true`;
          expect(await place.container.run('sh', '-c', ping), spoofed).toContain('2 packets transmitted');
          expect(await echoesSeen(), spoofed).toBe(seen + 3);
          await place.container.run('ip', 'addr', 'del', cidr, 'dev', 'eth0');
        }
      }
    });

    // Of a tunnel WireGuard takes only what is from the peer's own addresses: there is nothing to try.
    const itOfVeth = linkOfAll === 'veth' ? it : () => {};
    itOfVeth('get nothing through from the address that is nobody’s, to the node or to all', async () => {
      const { addresses } = attachments.get(one);
      const targets = [...addresses.map(({ gateway }) => gateway), '224.0.0.1', 'ff02::1%eth0'];
      const pings = targets.map((target) => `ping -c 2 -i 0.2 -W 1 -q ${target} &`).join(' ');
      const seen = await echoesSeen();
      await place.container.run('sh', '-c', `${pings} wait`);
      expect(await echoesSeen()).toBe(seen + 2 * targets.length);
      // As the packets leave: no program can be bound to such an address.
      const nobody = 'add rule inet nobody out ip saddr set 0.0.0.0; add rule inet nobody out ip6 saddr set ::';
      const chain = 'add chain inet nobody out { type filter hook postrouting priority 300; }';
      await place.container.run('nft', `add table inet nobody; ${chain}; ${nobody}`);
      await place.container.run('sh', '-c', `${pings} wait`);
      await place.container.run('nft', 'delete table inet nobody');
      expect(await echoesSeen()).toBe(seen + 2 * targets.length);
    });

    it('lose no packet while the node-manager starts again, also without its data directory', async () => {
      const target = bare(attachments.get(two).addresses[1]?.address ?? '');
      const before = attachments.list();
      const pinging = place.container.run('ping', '-i', '0.01', '-c', '300', '-q', target);
      attachments = await start();
      expect(attachments.list()).toEqual(before);
      await rm(dataDir, { recursive: true });
      attachments = await start();
      expect(attachments.list().map(({ state }) => state)).toEqual(['adopted', 'adopted']);
      await attachments.check(one, { netns: place.container.path, addresses: [] });
      await attachments.check(two, { netns: second.path, addresses: [] });
      expect(attachments.list()).toEqual(before.map((was) => ({ ...was, state: 'answered' })));
      expect(await pinging).toMatch(/ 0% packet loss/);
    });

    // Neither the kernel nor a veth has a process that could die.
    const itOfUserspace = backend === 'userspace' && linkOfAll === 'wireguard' ? it : () => {};
    itOfUserspace('have a dead userspace process replaced, with their address', async () => {
      const stop = new AbortController();
      const loops = attachments.run(stop.signal);
      const target = bare(attachments.get(two).addresses[0]?.address ?? '');
      for (const id of [deviceOf(nodeId, { ...two, netns: '' }).id, podsRef(nodeId).id]) {
        const { pid } = JSON.parse(await readFile(join(place.stateDir, `${id}.json`), 'utf8')) as { pid: number };
        process.kill(pid, 'SIGKILL');
        await expect.poll(() => lossOf(place.container, target), { timeout: 8_000, interval: 200 }).toBe(0);
      }
      await attachments.check(two, {
        netns: second.path,
        addresses: attachments.get(two).addresses.map(({ address }) => address),
      });
      stop.abort();
      await loops;
    });

    itOfUserspace('are deleted also when their process is wedged', async () => {
      const three = keyNamed('three');
      const netns = await ThrowawayNetns.open();
      await attachments.attach(three, inputFor(netns.path), limits());
      const { pid } = JSON.parse(
        await readFile(join(place.stateDir, `${deviceOf(nodeId, { ...three, netns: '' }).id}.json`), 'utf8'),
      ) as { pid: number };
      process.kill(pid, 'SIGSTOP');
      const startedAt = systemClock.monotonicMs();
      await attachments.release(three);
      expect(systemClock.monotonicMs() - startedAt).toBeLessThan(10_000);
      expect(await netns.run('ip', '-o', 'link')).not.toContain('eth0');
      await netns.close();
    });

    it('are deleted also when a crash left their device under its passing name', async () => {
      const four = keyNamed('four');
      const netns = await ThrowawayNetns.open();
      await attachments.attach(four, inputFor(netns.path), limits());
      const { id } = deviceOf(nodeId, { ...four, netns: '' });
      await netns.run('ip', 'link', 'set', 'dev', 'eth0', 'down');
      await netns.run('ip', 'link', 'set', 'dev', 'eth0', 'name', id);
      await attachments.release(four);
      expect(await netns.run('ip', '-o', 'link')).not.toContain(id);
      await netns.close();
    });

    it('leave nothing behind after DEL, also when the namespace went first', async () => {
      await second.close();
      if (backend === 'userspace') {
        // A process ends by itself when its namespace goes; what it was known by is ours to remove.
        const id = deviceOf(nodeId, { ...two, netns: '' }).id;
        await expect.poll(() => devices.liveIds(id), { timeout: 5_000 }).toEqual([]);
      }
      await attachments.release(one);
      await attachments.release(two);
      await attachments.release(two);
      expect(attachments.list()).toEqual([]);
      expect(await place.container.run('ip', '-o', 'link')).not.toContain('eth0');
      expect((await devices.observe(podsRef(nodeId)))?.peers).toEqual([]);
      if (backend === 'userspace') {
        expect(await devices.liveIds('wg')).toEqual([podsRef(nodeId).id]);
        expect(await readdir(place.stateDir)).toEqual([`${podsRef(nodeId).id}.json`]);
      }
      const bound = parseUdpTable(await place.node.run('cat', '/proc/self/net/udp'));
      expect(bound.filter((port) => port >= 61_000)).toEqual([]);
    });
  });
});

async function start(): Promise<Attachments> {
  const own = { ownNetns: place.node.path };
  devices = await openDevices(backend, { stateDir: place.stateDir, runDir: place.runDir, ...own });
  const keyDeps = { dataDir, devices, keys: systemKeys, log: silentLog };
  const deps: AttachmentsDeps = {
    ...{
      nodeId,
      dataDir,
      queueDir: join(dataDir, 'queue'),
      devices,
      keys: systemKeys,
      log: silentLog,
      reach: noFaultPoints,
      repairs: new RepairBook({ events: { tell: () => {} }, clock: systemClock }),
    },
    ...{ podPort: 51_821, containerPorts: { first: 61_000, last: 65_535 }, reservedKeys: [] },
    podsKey: await keepNodeKey(keyDeps, 'pods', podsRef(nodeId)),
    iproute: new ExecIpRoute(own),
    sysctl: new ExecSysctl(own),
    udpPorts: {
      bound: async () =>
        new Set(parseUdpTable(await place.node.run('cat', '/proc/self/net/udp', '/proc/self/net/udp6'))),
    },
    readBootId: kernelBootId,
    admission: { refusal: () => undefined },
    clock: systemClock,
    onEmpty: () => {},
  };
  const opened = await Attachments.open(deps);
  await opened.start(viewOf(undefined, undefined, link));
  return opened;
}

/** Percent of three echo requests that were lost. */
async function lossOf(from: ThrowawayNetns, address: string): Promise<number> {
  const output = await from.run('sh', '-c', `ping -c 3 -i 0.2 -W 1 -q ${address} || true`);
  return Number(/([0-9.]+)% packet loss/.exec(output)?.[1] ?? 100);
}

/** How many echo requests the node itself was sent and took, in both families. */
async function echoesSeen(): Promise<number> {
  const [four, six] = await Promise.all(
    ['snmp', 'snmp6'].map((name) => place.node.run('cat', `/proc/self/net/${name}`)),
  );
  const [names = '', values = ''] = (four ?? '').split('\n').filter((line) => line.startsWith('Icmp:'));
  const echoes4 = values.split(' ')[names.split(' ').indexOf('InEchos')];
  return Number(echoes4) + Number(/^Icmp6InEchos\s+(\d+)$/m.exec(six ?? '')?.[1]);
}

function bare(address: string): string {
  return address.replace(/\/.*$/, '');
}
