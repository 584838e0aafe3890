/** The bundled cluster-manager as processes on this machine's loopback, one cluster of its own in the etcd of the tests. */
import { randomBytes } from 'node:crypto';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createManagerClient, type ManagerClient } from '@wgcni/api';

const program = join(import.meta.dirname, '../../dist/cluster-manager.cjs');

export interface ManagerProcess {
  replicaId: string;
  url: string;
  child: ChildProcess;
}

export class ManagerProcesses {
  readonly cluster = `t${randomBytes(5).toString('hex')}`;
  readonly #etcd: readonly string[];
  readonly #processes: ManagerProcess[] = [];

  constructor(etcd: readonly string[]) {
    this.#etcd = etcd;
  }

  get urls(): string[] {
    return this.#processes.map(({ url }) => url);
  }

  /** Starts replicas side by side; the first creates the network. */
  async start(count: number): Promise<void> {
    const ports = await freePorts(count);
    ports.forEach((port, index) => this.#spawn(`m${index + 1}`, port, index === 0));
    const client = this.client();
    while ((await client.leader().catch(() => undefined))?.leader === undefined)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await client.close();
  }

  /** The replica that leads; it waits until one does. */
  async leader(): Promise<ManagerProcess> {
    const client = this.client();
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

  /** A client of all replicas; its calls begin with the given one. */
  client(first = 0): ManagerClient {
    const { urls } = this;
    return createManagerClient({ urls: [...urls.slice(first % urls.length), ...urls.slice(0, first % urls.length)] });
  }

  async stop(): Promise<void> {
    for (const { child } of this.#processes) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  }

  #spawn(replicaId: string, port: number, bootstrap: boolean): void {
    const url = `http://127.0.0.1:${port}`;
    const network = ['--bootstrap', '--pool', '10.64.0.0/12:24', '--pool', 'fd64::/48:64'];
    const argv = [
      ...[program, '--etcd', this.#etcd.join(','), '--cluster', this.cluster, '--replica-id', replicaId],
      ...['--listen', `127.0.0.1:${port}`, '--advertise', url, ...(bootstrap ? network : [])],
    ];
    const child = spawn(process.execPath, argv, {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { WGCNI_LOG_LEVEL: 'error' },
    });
    this.#processes.push({ replicaId, url, child });
  }
}

/** Ports that nobody listened on a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}
