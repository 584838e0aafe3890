/**
 * `make bench-metrics`: what a scrape of a node with PEERS=1000 peers costs beside one without any, in one run; SCRAPES=200.
 *
 *   this process: a whole node ── wireguard-go, its device with every peer
 *        └── asks http://127.0.0.1:…/metrics and /v1/status
 */
import { MemoryStore, type Write } from '@wgcni/store';
import { systemClock } from '@wgcni/base';
import type { DeviceRef, DeviceState, WgDevices } from '@wgcni/wg';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { FakeCluster } from '../fake-cluster.ts';
import { RealNode } from '../real-node.ts';
import { childProcessesDuring } from './child-processes.ts';

const peers = Number(process.env['PEERS'] ?? 1_000);
const scrapes = Number(process.env['SCRAPES'] ?? 200);
const boundMs = 50;
const betweenMs = 25;
/** Scrapes after which what is read first has been read, and what runs often is compiled. */
const warmUps = 20;

interface Cost {
  sortedMs: number[];
  lines: number;
  bytes: number;
}

const client = new Agent({ connections: 1 });

async function scrape(url: string): Promise<string> {
  const { statusCode, body } = await request(url, { dispatcher: client });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${statusCode}: ${text}`);
  return text;
}

async function costOf(url: string): Promise<Cost> {
  for (let time = 0; time < warmUps; time += 1) await scrape(url);
  const took: number[] = [];
  let text = '';
  for (let time = 0; time < scrapes; time += 1) {
    const begunMs = performance.now();
    text = await scrape(url);
    took.push(performance.now() - begunMs);
    await sleep(betweenMs);
  }
  return { sortedMs: took.sort((a, b) => a - b), lines: text.split('\n').length, bytes: text.length };
}

/** Every peer as if it had shaken hands a while ago: nobody is there to do it, and a node tells less of a peer that never did. */
function withHandshakes(devices: WgDevices): WgDevices {
  const observe = async (ref: DeviceRef): Promise<DeviceState | undefined> => {
    const state = await devices.observe(ref);
    if (state === undefined) return undefined;
    const latestHandshakeAt = Math.floor(Date.now() / 1_000) - 60;
    return {
      ...state,
      peers: state.peers.map((peer, index) => {
        return { ...peer, latestHandshakeAt, receivedBytes: 1e9 + index * 1_337, sentBytes: 2e9 + index * 7_331 };
      }),
    };
  };
  return new Proxy(devices, {
    get: (target, name) => {
      if (name === 'observe') return observe;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(target) : value;
    },
  });
}

/** All in one write: one by one the node would take each into its view on disk by itself. */
function record({ keys }: FakeCluster, index: number): Write {
  const nodeId = `peer-${index}`;
  const publicKey = createHash('sha256').update(nodeId).digest('base64');
  const subnets = [{ cidr: `10.${72 + (index >> 8)}.${index & 255}.0/24`, grantId: `grant-${index}` }];
  const value = { schema: 1, nodeId, publicKey, endpoints: [`192.0.2.1:${10_000 + index}`], subnets, draining: false };
  return { kind: 'put', key: keys.node(nodeId), value: JSON.stringify(value) };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = systemClock.monotonicMs() + 60_000;
  while (!(await isSo().catch(() => false))) {
    if (systemClock.monotonicMs() > deadlineMs) throw new Error(`${what}: not within a minute`);
    await sleep(200);
  }
}

function shown(name: string, { sortedMs, lines, bytes }: Cost): string {
  const at = (share: number): string => (sortedMs[Math.floor((sortedMs.length - 1) * share)] ?? 0).toFixed(1);
  return `${name.padEnd(12)} p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms; ${lines} lines, ${Math.round(bytes / 1_024)} KiB\n`;
}

async function main(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'wgcni-bench-metrics-'));
  const cluster = new FakeCluster(MemoryStore.alone(systemClock));
  await cluster.putNetwork();
  const node = await RealNode.open(directory);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/metrics`;
  const hasPeers = async (count: number): Promise<boolean> =>
    (await scrape(url)).includes(`wgcni_peers{kind="node"} ${count}\n`);
  try {
    const flags = ['--endpoint', '192.0.2.99:51820', '--underlay', 'lo', '--health-listen', `127.0.0.1:${port}`];
    await node.start(cluster, flags, (ports) => ({ ...ports, devices: withHandshakes(ports.devices) }));
    await until(
      'a node without peers',
      async () => (await scrape(url)).includes('wgcni_registered 1') && (await hasPeers(0)),
    );
    const none = await costOf(url);
    await cluster.write(...Array.from({ length: peers }, (_, index) => record(cluster, index)));
    await until('a node with every peer', () => hasPeers(peers));
    const many = await costOf(url);
    const forked = await childProcessesDuring(async () => {
      for (let time = 0; time < scrapes; time += 1) {
        await scrape(url);
        await sleep(betweenMs);
      }
    });
    // The counter is worth nothing if it would not notice one: the status does ask the kernel.
    const control = await childProcessesDuring(async () => void (await node.status()));
    const [p99 = Infinity] = [many.sortedMs[Math.floor((many.sortedMs.length - 1) * 0.99)]];
    process.stdout.write(
      shown('0 peers', none) +
        shown(`${peers} peers`, many) +
        `processes started for ${scrapes} scrapes: ${forked.byRequests} (by the loops of the node meanwhile: ${forked.byOthers}; for one status, as a check of the count: ${control.byRequests})\n`,
    );
    if (control.byRequests === 0) throw new Error('the count of processes does not notice any');
    return p99 <= boundMs && forked.byRequests === 0 ? 0 : 1;
  } finally {
    await client.destroy();
    await node.close();
    await rm(directory, { recursive: true, force: true });
  }
}

process.exitCode = await main();
