/** A whole cluster-manager for programs that are not ours: it leads, issues certificates, has a network, two nodes and a client, over a store in memory. */
import { silentLog, systemClock, systemRandom } from '@wgcni/base';
import { Authority, IssuingAuthority } from '@wgcni/pki/authority';
import { MemoryStore } from '@wgcni/store';
import { type ApiServer, until } from '@wgcni/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../app.ts';
import { parseConfig } from '../../config.ts';
import { runReplica } from '../../run-replica.ts';
import { asNode, plan } from '../cluster.ts';

const flags = ['--etcd=http://localhost:2379', '--cluster=main', '--listen=localhost:7001', '--insecure'];
/** How long it may take to lead, in milliseconds. */
const leadsMs = 10_000;

/** Listens in the clear on loopback, with the clock of the machine. What it holds has the names that the examples of the document have. */
export async function serve(): Promise<ApiServer> {
  const directory = await mkdtemp(join(tmpdir(), 'wgcni-api-clients-'));
  const argv = [...flags, '--advertise=http://localhost:7001', '--replica-id=m1'];
  const config = parseConfig({ argv, env: {}, hostname: 'localhost' });
  const stop = new AbortController();
  const shared = { clock: systemClock, random: systemRandom, log: silentLog };
  const replica = runReplica({ ...shared, store: MemoryStore.alone(systemClock), version: '1' }, config, stop.signal);
  const app = await buildApp({ ...replica, authority: await openAuthority(directory) });
  const ask = async (method: 'PUT' | 'GET', url: string, payload?: object): Promise<void> => {
    const answer = await app.inject({ method, url, ...(payload === undefined ? {} : { payload }) });
    if (answer.statusCode !== 200) throw new Error(`${method} ${url}: ${answer.body}`);
  };
  await until(leadsMs, 'a leader', () => ask('PUT', '/v1/network', { ...plan, clientPools: ['10.80.0.0/24'] }));
  await until(leadsMs, 'a replica that is ready', () => ask('GET', '/readyz'));
  for (const nodeId of ['node-1', 'node-2'])
    await ask('PUT', `/v1/nodes/${nodeId}`, asNode({ offers: ['192.168.50.0/24'] }));
  await ask('PUT', '/v1/clients/laptop', { publicKey: asNode().publicKey });
  await ask('PUT', '/v1/nodes/node-1/routes/192.168.50.0-24');
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  return {
    name: 'cluster-manager',
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      stop.abort();
      await replica.ended;
      await app.close();
      await replica.forwarder.close();
      await rm(directory, { recursive: true });
    },
  };
}

async function openAuthority(directory: string): Promise<IssuingAuthority> {
  const { cert, key } = await Authority.create('main', systemClock.wallMs());
  const paths = {
    use: 'authority' as const,
    ...{ cert: join(directory, 'a.pem'), key: join(directory, 'a.key'), ca: join(directory, 'a.pem') },
  };
  await writeFile(paths.cert, cert);
  await writeFile(paths.key, key.reveal(), { mode: 0o600 });
  const own = { kind: 'manager', cluster: 'main', replicaId: 'm1' } as const;
  return IssuingAuthority.open({ paths, own, names: ['127.0.0.1'], clock: systemClock, log: silentLog });
}
