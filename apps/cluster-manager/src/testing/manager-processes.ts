/** The bundled cluster-manager as processes on this machine's loopback, one cluster of its own in the etcd of the tests. */
import { randomBytes } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManagerClient, type ManagerClient } from '@wgcni/api';
import {
  type CredentialPaths,
  type CredentialSource,
  formatIdentity,
  type Identity,
  type OperatorRole,
} from '@wgcni/pki';
import { credentialPathsIn, readCredentials } from '@wgcni/testing';
import { TestAuthority } from '@wgcni/testing/pki';

const program = join(import.meta.dirname, '../../dist/cluster-manager.cjs');

export interface ManagerProcess {
  replicaId: string;
  url: string;
  child: ChildProcess;
}

export interface EtcdAccess {
  urls: readonly string[];
  /** Directory of the certificate that etcd knows; the managers' own are of another authority. */
  pki: string;
}

export class ManagerProcesses {
  readonly cluster = `t${randomBytes(5).toString('hex')}`;
  readonly #etcd: EtcdAccess;
  readonly #processes: ManagerProcess[] = [];
  readonly #authority: TestAuthority;
  readonly #pki: string;

  private constructor(etcd: EtcdAccess, authority: TestAuthority, pki: string) {
    this.#etcd = etcd;
    this.#authority = authority;
    this.#pki = pki;
  }

  /** Replicas side by side, with a leader; the first creates the network. */
  static async start(etcd: EtcdAccess, count: number): Promise<ManagerProcesses> {
    const pki = await mkdtemp(join(tmpdir(), 'wgcni-managers-'));
    const started = new ManagerProcesses(etcd, await TestAuthority.create(), pki);
    await started.#start(count);
    return started;
  }

  get urls(): string[] {
    return this.#processes.map(({ url }) => url);
  }

  /** Credentials of a node or an operator of this cluster. */
  async credentialsOf(identity: Identity): Promise<CredentialSource> {
    const name = randomBytes(6).toString('hex');
    await this.#authority.write(this.#pki, name, { uris: [formatIdentity(identity)] });
    return readCredentials(join(this.#pki, name));
  }

  /** The replica that leads; it waits until one does. */
  async leader(): Promise<ManagerProcess> {
    const client = await this.operatorClient();
    try {
      for (;;) {
        const leader = (await client.leader().catch(() => undefined))?.leader;
        const found = this.#processes.find(({ replicaId }) => replicaId === leader?.replicaId);
        if (found !== undefined && found.child.exitCode === null && found.child.signalCode === null) return found;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    } finally {
      await client.close();
    }
  }

  /** A client of all replicas for the node of that name, the only one who may register it; its calls begin with the given replica. */
  async nodeClient(nodeId: string, first = 0): Promise<ManagerClient> {
    const { urls, cluster } = this;
    const turned = [...urls.slice(first % urls.length), ...urls.slice(0, first % urls.length)];
    return createManagerClient({
      urls: turned,
      credentials: await this.credentialsOf({ kind: 'node', cluster, nodeId }),
    });
  }

  async operatorClient(role: OperatorRole = 'read'): Promise<ManagerClient> {
    const { urls, cluster } = this;
    const operator = { kind: 'operator', cluster, role, name: 'test' } as const;
    return createManagerClient({ urls, credentials: await this.credentialsOf(operator) });
  }

  async stop(): Promise<void> {
    for (const { child } of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await rm(this.#pki, { recursive: true });
  }

  async #start(count: number): Promise<void> {
    for (const [index, port] of (await freePorts(count)).entries())
      await this.#spawn(`m${index + 1}`, port, index === 0);
    const client = await this.operatorClient();
    while ((await client.leader().catch(() => undefined))?.leader === undefined)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await client.close();
  }

  async #spawn(replicaId: string, port: number, bootstrap: boolean): Promise<void> {
    const url = `https://127.0.0.1:${port}`;
    const uris = [formatIdentity({ kind: 'manager', cluster: this.cluster, replicaId })];
    const own = await this.#authority.write(this.#pki, replicaId, { uris });
    const network = ['--bootstrap', '--pool', '10.64.0.0/12:24', '--pool', 'fd64::/48:64'];
    const argv = [
      ...[program, '--etcd', this.#etcd.urls.join(','), '--cluster', this.cluster, '--replica-id', replicaId],
      ...['--listen', `127.0.0.1:${port}`, '--advertise', url, ...(bootstrap ? network : [])],
      ...flagsOf(own),
      ...flagsOf(credentialPathsIn(this.#etcd.pki, 'etcd')),
    ];
    const child = spawn(process.execPath, argv, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { WGCNI_LOG_LEVEL: 'error' },
    });
    this.#processes.push({ replicaId, url, child });
  }
}

function flagsOf({ use, cert, key, ca }: CredentialPaths): string[] {
  return [`--${use}-cert`, cert, `--${use}-key`, key, `--${use}-ca`, ca];
}

/** Ports that nobody listened on a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
