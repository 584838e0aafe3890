/**
 * Two whole nodes on the real kernel with userspace WireGuard; the cluster is in memory.
 *
 *   n1 (gateway 10.64.1.1, fd64:0:0:1::1) ── eth0 192.0.2.1 ══veth══ 192.0.2.2 eth0 ── n2 (10.64.2.1, fd64:0:0:2::1)
 */
import { createNodeClient, type NodeStatus } from '@wgcni/api';
import { noFaultPoints, silentLog, systemClock, systemRandom } from '@wgcni/base';
import { ExecFirewall, ExecIpRoute, ExecNftTable, ExecSysctl, Processes } from '@wgcni/iproute';
import { MemoryStore } from '@wgcni/store';
import { openDevices, systemKeys } from '@wgcni/wg';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { kernelBootId, procUdpPorts } from '../attachments/index.ts';
import { type Config, parseConfig } from '../config.ts';
import { runNode } from '../node.ts';
import { Fping } from '../paths/fping.ts';
import type { Ports } from '../ports.ts';
import { sinceBootMs } from '../registration/instant.ts';
import { passingDevices } from '../keys/device-names.ts';
import { meshRef } from './mesh-device.ts';
import { policyTable } from '../policy/plan-table.ts';
import { tearDown } from '../teardown/tear-down.ts';
import { clusterName, FakeCluster } from '../testing/fake-cluster.ts';

const processes = new Processes();
const tag = randomBytes(3).toString('hex');

async function run(netns: string | undefined, ...argv: string[]): Promise<string> {
  const { status, stdout, stderr } = await processes.run({ argv, ...(netns === undefined ? {} : { netns }) });
  if (status !== 0) throw new Error(`"${argv.join(' ')}" ended with ${status}: ${stderr}${stdout}`);
  return stdout;
}

interface Place {
  name: string;
  netns: string;
  config: Config;
  ports: Ports;
  running?: { stop: AbortController; ended: Promise<void> };
}

describe('two nodes on the real kernel', () => {
  let directory: string;
  let cluster: FakeCluster;
  const places: Place[] = [];

  async function place(index: number): Promise<Place> {
    const name = `wgcni-mesh-${tag}-${index}`;
    const netns = `/var/run/netns/${name}`;
    await run(undefined, 'ip', 'netns', 'add', name);
    await run(netns, 'ip', 'link', 'set', 'lo', 'up');
    const dataDir = join(directory, name);
    const argv = [
      ...[
        '--node-id',
        name,
        '--etcd',
        'http://127.0.0.1:1',
        '--manager',
        'http://127.0.0.1:1',
        '--cluster',
        clusterName,
        '--insecure',
      ],
      ...[
        '--underlay',
        'eth0',
        '--data-dir',
        dataDir,
        '--queue-dir',
        join(dataDir, 'queue'),
        '--socket',
        join(directory, `${name}.sock`),
      ],
    ];
    const ownNetns = netns;
    const ports: Ports = {
      devices: await openDevices('userspace', {
        ownNetns,
        stateDir: join(dataDir, 'processes'),
        runDir: `/dev/shm/${name}`,
      }),
      keys: systemKeys,
      iproute: new ExecIpRoute({ passing: passingDevices(name), keepsProcess: true, ownNetns }),
      sysctl: new ExecSysctl({ ownNetns }),
      firewall: new ExecFirewall({ ownNetns }),
      policyTable: new ExecNftTable({ name: policyTable, ownNetns }),
      ...{ store: cluster.store, manager: cluster.manager, udpPorts: procUdpPorts, readBootId: kernelBootId },
      pathProbe: new Fping({ ownNetns }),
      tunnelProbe: new Fping({ ownNetns }),
      resolveHost: () => Promise.reject(new Error('there are no names in this test')),
      ...{ uptimeMs: sinceBootMs, clock: systemClock, random: systemRandom, log: silentLog, reach: noFaultPoints },
    };
    return { name, netns, ports, config: parseConfig({ argv, env: {}, hostname: name }) };
  }

  function start(at: Place): void {
    const stop = new AbortController();
    at.running = { stop, ended: runNode(at.config, at.ports, stop.signal) };
  }

  async function stop(at: Place): Promise<void> {
    at.running?.stop.abort(new Error('stopped'));
    await at.running?.ended;
    delete at.running;
  }

  async function status(at: Place): Promise<NodeStatus> {
    const client = createNodeClient({ socketPath: at.config.socket });
    return client.status().finally(() => client.close());
  }

  async function readyWith(at: Place, peers: number): Promise<void> {
    const isReady = async (): Promise<void> => {
      const { readiness, peers: seen, drift } = await status(at);
      expect([readiness, seen.length, drift]).toEqual(['ready', peers, []]);
    };
    await vi.waitFor(isReady, { timeout: 20_000, interval: 100 });
  }

  const ping = (from: Place, to: string): Promise<string> => run(from.netns, 'ping', '-c', '1', '-W', '2', to);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'wgcni-mesh-'));
    cluster = new FakeCluster(MemoryStore.alone(systemClock));
    await cluster.putNetwork();
    for (const index of [1, 2]) places.push(await place(index));
    const [one, two] = places.map(({ name }) => name);
    await run(
      undefined,
      'ip',
      'link',
      'add',
      'eth0',
      'netns',
      one ?? '',
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      two ?? '',
    );
    for (const [index, { netns }] of places.entries()) {
      await run(netns, 'ip', 'address', 'add', `192.0.2.${index + 1}/24`, 'dev', 'eth0');
      await run(netns, 'ip', 'link', 'set', 'eth0', 'up');
    }
    for (const at of places) {
      start(at);
      await readyWith(at, places.indexOf(at));
    }
  });

  afterAll(async () => {
    for (const at of places) {
      await stop(at);
      await tearDown(at.config, at.ports);
      await run(undefined, 'ip', 'netns', 'del', at.name);
      await rm(`/dev/shm/${at.name}`, { recursive: true, force: true });
    }
    await rm(directory, { recursive: true, force: true });
  });

  it('reach each other’s gateways through the mesh, over both families and from the right address', async () => {
    const [one, two] = places as [Place, Place];
    await readyWith(one, 1);
    for (const address of ['10.64.2.1', 'fd64:0:0:2::1']) expect(await ping(one, address)).toContain('1 received');
    for (const address of ['10.64.1.1', 'fd64:0:0:1::1']) expect(await ping(two, address)).toContain('1 received');
    expect(await run(one.netns, 'ip', 'route', 'get', '10.64.2.9')).toContain('dev wgcni-mesh src 10.64.1.1');
  });

  it('fail closed for a subnet of the pools that nobody holds', async () => {
    const [one] = places as [Place, Place];
    await expect(ping(one, '10.64.200.1')).rejects.toThrow(/unreachable|No route/);
  });

  it('let only loopback reach the containers’ ports, and put flushed chains and removed routes back', async () => {
    const [one, two] = places as [Place, Place];
    expect(await run(one.netns, 'iptables', '-S', 'WGCNI-INPUT')).toContain('--dport 61000:65535 -j DROP');
    await run(one.netns, 'iptables', '-F');
    await run(one.netns, 'ip', 'route', 'del', '10.64.2.0/24');
    await expect.poll(() => ping(one, '10.64.2.1').catch(String), { timeout: 10_000 }).toContain('1 received');
    await expect.poll(() => run(one.netns, 'iptables', '-S', 'INPUT'), { timeout: 10_000 }).toContain('-j WGCNI-INPUT');
    expect((await status(two)).drift).toEqual([]);
  });

  it('put the table of the policy back when somebody flushes everything, before they would look by themselves', async () => {
    const [one] = places as [Place, Place];
    const listed = () => run(one.netns, 'nft', '-s', 'list', 'table', 'inet', policyTable).catch(String);
    const before = await listed();
    expect(before).toContain('ct original ip saddr @containers4 goto node4');
    // A look every five seconds cannot see two that follow each other.
    for (const _ of [1, 2]) {
      const since = systemClock.monotonicMs();
      await run(one.netns, 'nft', 'flush', 'ruleset');
      await expect.poll(listed, { timeout: 2_000, interval: 20 }).toBe(before);
      console.log(JSON.stringify({ tableBackAfterMs: Math.round(systemClock.monotonicMs() - since) }));
    }
  });

  it('lose no packet and shake no hand again when the node-manager restarts with the store away', async () => {
    const [one, two] = places as [Place, Place];
    const before = await status(one);
    const pinging = run(two.netns, 'ping', '-i', '0.02', '-c', '200', '10.64.1.1');
    cluster.isDown = true;
    cluster.store.faults.isPartitioned = true;
    await stop(one);
    start(one);
    await expect.poll(async () => (await status(one)).readiness, { timeout: 10_000 }).toBe('ready');
    const after = await status(one);
    expect(after).toMatchObject({
      isViewStored: true,
      publicKey: before.publicKey,
      subnets: before.subnets,
      isRegistered: false,
    });
    expect(await pinging).toContain(' 0% packet loss');
    expect(after.peers[0]?.handshakeAgeSec).toBeGreaterThanOrEqual(before.peers[0]?.handshakeAgeSec ?? 0);
    cluster.isDown = false;
    cluster.store.faults.isPartitioned = false;
    await expect.poll(async () => (await status(one)).isRegistered, { timeout: 10_000 }).toBe(true);
  });

  it('keep key, subnets and every packet when the data directory is lost, once the old registration has lapsed', async () => {
    const [one, two] = places as [Place, Place];
    const before = await status(one);
    const pinging = run(two.netns, 'ping', '-i', '0.02', '-c', '250', '10.64.1.1');
    await stop(one);
    await rm(one.config.dataDir, { recursive: true });
    start(one);
    await expect
      .poll(async () => status(one).then(({ readiness }) => readiness, String), { timeout: 10_000 })
      .toBe('duplicate');
    const registration = cluster.registrations.get(one.name);
    if (registration !== undefined) registration.isLive = false;
    await expect.poll(async () => (await status(one)).readiness, { timeout: 10_000 }).toBe('ready');
    const after = await status(one);
    expect([after.subnets, after.publicKey]).toEqual([before.subnets, before.publicKey]);
    expect(await pinging).toContain(' 0% packet loss');
  });

  it('replace the dead process of the mesh device within seconds', async () => {
    const [one] = places as [Place, Place];
    const { id } = meshRef(one.name);
    const pid = (await run(undefined, 'pgrep', '-f', `wireguard-go -f ${id}$`)).trim();
    await run(undefined, 'kill', '-9', pid);
    await expect.poll(() => ping(one, '10.64.2.1').catch(String), { timeout: 10_000 }).toContain('1 received');
    expect((await run(undefined, 'pgrep', '-f', `wireguard-go -f ${id}$`)).trim()).not.toBe(pid);
  });

  it('leave nothing behind when torn down', async () => {
    // Not the one that lost its data directory: with it went what the host's switches were before.
    const [, two] = places as [Place, Place];
    await stop(two);
    await tearDown(two.config, two.ports);
    expect(await run(two.netns, 'ip', '-o', 'link')).not.toMatch(/: wgcni-/);
    expect(await run(two.netns, 'ip', 'route', 'show', 'proto', '87')).toBe('');
    expect(await run(two.netns, 'iptables-save')).not.toContain('WGCNI');
    expect(await run(two.netns, 'nft', 'list', 'tables', 'inet')).toBe('');
    expect(await run(two.netns, 'cat', '/proc/sys/net/ipv4/ip_forward')).toBe('0\n');
    expect(await run(two.netns, 'cat', '/proc/sys/net/ipv4/ip_local_reserved_ports')).toBe('\n');
    expect(await two.ports.devices.liveIds('wg')).toEqual([]);
    expect(await readdir(directory)).not.toContain(two.name);
    await tearDown(two.config, two.ports);
  });
});
