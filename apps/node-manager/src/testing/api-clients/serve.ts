/** A whole node-manager for programs that are not ours: registered and ready, over a kernel, devices and a cluster in memory. */
import { createNodeClient } from '@wgcni/api';
import { noFaultPoints, silentLog, systemClock, systemRandom } from '@wgcni/base';
import { MemoryFirewall, MemoryKernel, MemoryNftTable, MemorySysctl } from '@wgcni/iproute';
import { MemoryStore } from '@wgcni/store';
import { type ApiServer, freePort, until } from '@wgcni/testing';
import { MemoryDevices, systemKeys } from '@wgcni/wg';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelBootId } from '../../attachments/index.ts';
import { parseConfig } from '../../config.ts';
import { runNode } from '../../node.ts';
import type { Ports } from '../../ports.ts';
import { sinceBootMs } from '../../registration/instant.ts';
import { clusterName, FakeCluster } from '../fake-cluster.ts';

const nowhere = 'http://127.0.0.1:1';
/** How long it may take to be ready, in milliseconds. */
const readyMs = 20_000;
/** Namespaces that containers may be attached in. */
const namespaces = ['/run/netns/c1', '/run/netns/one', '/run/netns/other'];

/** Listens in the clear on loopback, with the clock of the machine. */
export async function serve(): Promise<ApiServer> {
  const directory = await mkdtemp(join(tmpdir(), 'wgcni-api-clients-'));
  const cluster = new FakeCluster(MemoryStore.alone(systemClock));
  await cluster.putNetwork();
  await cluster.putNode({ nodeId: 'node-2', endpoints: ['192.0.2.2:51820'] });
  const listen = `127.0.0.1:${await freePort()}`;
  const config = parseConfig({ argv: flagsOf(directory, listen), env: {}, hostname: 'node-1' });
  const stop = new AbortController();
  const ended = runNode(config, portsOf(cluster), stop.signal);
  const client = createNodeClient({ socketPath: config.socket });
  await until(readyMs, 'a node that is ready', async () => {
    const { readiness, reason } = await client.status();
    return readiness === 'ready' ? undefined : new Error(`${readiness}: ${reason}`);
  }).finally(() => client.close());
  const url = `http://${listen}`;
  await attachOne(url);
  return {
    name: 'node-manager',
    url,
    close: async () => {
      stop.abort(new Error('stopped'));
      await ended;
      await rm(directory, { recursive: true });
    },
  };
}

/** For questions about a container that is there. */
async function attachOne(url: string): Promise<void> {
  const answer = await fetch(`${url}/v1/attachments/mesh/c1/eth0`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ netns: '/run/netns/c1', deadlineMs: 10_000 }),
  });
  if (!answer.ok) throw new Error(await answer.text());
}

function flagsOf(directory: string, listen: string): string[] {
  const control = ['--etcd', nowhere, '--manager', nowhere, '--cluster', clusterName, '--insecure'];
  const files = [
    '--data-dir',
    directory,
    '--queue-dir',
    join(directory, 'queue'),
    '--socket',
    `${directory}/node.sock`,
  ];
  return ['--node-id', 'node-1', ...control, ...files, '--listen', listen, '--endpoint', '192.0.2.1:51820'];
}

function portsOf(cluster: FakeCluster): Ports {
  const kernel = new MemoryKernel();
  for (const path of ['/proc/self/ns/net', ...namespaces]) kernel.addNamespace(path);
  const silent = { answering: async () => new Set<string>(), alive: async () => new Set<string>() };
  return {
    ...{ devices: new MemoryDevices(kernel), keys: systemKeys, iproute: kernel, sysctl: new MemorySysctl(() => '1') },
    ...{ firewall: new MemoryFirewall(), policyTable: new MemoryNftTable(), pathProbe: silent, tunnelProbe: silent },
    ...{ store: cluster.store, manager: cluster.manager, udpPorts: { bound: async () => new Set<number>() } },
    ...{ readBootId: kernelBootId, uptimeMs: sinceBootMs, clock: systemClock, random: systemRandom },
    resolveHost: () => Promise.reject(new Error('there are no names here')),
    ...{ log: silentLog, reach: noFaultPoints },
  };
}
