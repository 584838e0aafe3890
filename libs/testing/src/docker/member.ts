/** One etcd member in a container, and the faults that a test can do to it. */
import type { CredentialSource } from '@wgcni/pki';
import { execa } from 'execa';
import { readCredentials } from '../pki/read-credentials.ts';

export interface EtcdMember {
  name: string;
  /** Freezes every process of it: connections stay open and nothing answers. */
  pause(): Promise<void>;
  unpause(): Promise<void>;
  /** SIGKILL; its data stays. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, with its data. */
  start(): Promise<void>;
  /** Pulls its network cable: neither peers nor clients reach it. */
  disconnect(): Promise<void>;
  connect(): Promise<void>;
  /** Cuts it off from the other members while clients still reach it. */
  isolate(): Promise<void>;
  rejoin(): Promise<void>;
}

/** The network that joins the members, and the port on which they speak with each other. */
export const peerNetwork = 'etcd-peers';
export const peerPort = 2380;

/** The variables through which the global setup tells the tests, which run in other processes, what it started. */
export const variables = {
  endpoints: 'WGCNI_TEST_ETCD',
  credentials: 'WGCNI_TEST_ETCD_PKI',
  dockerHost: 'DOCKER_HOST',
  enginePid: 'WGCNI_TEST_ENGINE_PID',
} as const;

/** The member of that name (`etcd-1`, `etcd-2`, `etcd-3`) of the cluster that the global setup started. */
export function dockerMember(name: string): EtcdMember {
  return {
    name,
    pause: () => docker('pause', name),
    unpause: () => docker('unpause', name),
    kill: () => docker('kill', name),
    start: () => docker('start', name),
    disconnect: () => docker('network', 'disconnect', peerNetwork, name),
    connect: () => docker('network', 'connect', '--alias', name, peerNetwork, name),
    isolate: () => filterPeers(name, '--insert'),
    rejoin: () => filterPeers(name, '--delete'),
  };
}

/** Client URLs of the members that the global setup started, in the order of their names; throws when it did not run. */
export function testEtcdEndpoints(): string[] {
  return variable(variables.endpoints).split(',');
}

/** The directory of the certificate by which a test is etcd's user `root`. */
export function testEtcdPki(): string {
  return variable(variables.credentials);
}

export function testEtcdCredentials(): CredentialSource {
  return readCredentials(testEtcdPki());
}

/** What a store of these members is opened with. */
export function testEtcd(): { urls: string[]; credentials: CredentialSource } {
  return { urls: testEtcdEndpoints(), credentials: testEtcdCredentials() };
}

async function docker(...args: string[]): Promise<void> {
  await execa('docker', args, { env: { DOCKER_HOST: variable(variables.dockerHost) } });
}

/** Drops what comes from and goes to other members, in the container's own namespace. */
async function filterPeers(name: string, action: '--insert' | '--delete'): Promise<void> {
  const env = { DOCKER_HOST: variable(variables.dockerHost) };
  const { stdout: pid } = await execa('docker', ['inspect', '--format', '{{.State.Pid}}', name], { env });
  // The engine counts processes in a pid namespace of its own.
  const enter = ['--target', variable(variables.enginePid), '--pid', '--mount', 'nsenter', '--target', pid, '--net'];
  for (const chain of ['INPUT', 'OUTPUT']) {
    for (const side of ['--sport', '--dport']) {
      const rule = [action, chain, '--protocol', 'tcp', side, String(peerPort), '--jump', 'DROP'];
      await execa('nsenter', [...enter, 'iptables', '--wait', ...rule]);
    }
  }
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '')
    throw new Error(`${name} is not set: run this test with \`vitest --project int\``);
  return value;
}
