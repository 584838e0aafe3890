/** A real etcd cluster in containers, through testcontainers. */
import { get } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { systemClock } from '@wgcni/base';
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from 'testcontainers';
import type { DockerEngine } from './engine.ts';
import { etcdImage, importEtcdImage } from './etcd-image.ts';
import { TestAuthority } from '../pki/test-authority.ts';
import { dockerMember, type EtcdMember, peerNetwork, peerPort, testEtcdCredentials, variables } from './member.ts';

export interface EtcdContainers {
  /** Client URLs, in the order of the members; each member asks for a certificate. */
  endpoints: string[];
  members: EtcdMember[];
  stop(): Promise<void>;
}

const clientPort = 2379;
/** Ports are fixed: a mapped one would change when a member's cable is pulled and put back. The namespace is the engine's own. */
const firstHostPort = 23_791;

/**
 * Starts `members` members named `etcd-1`, `etcd-2`, … in the engine and waits until each is healthy. Sets the variables by
 * which testcontainers and `dockerMember` find the engine, and tests the certificate that is written under `pki`.
 */
export async function startEtcdContainers(
  engine: DockerEngine,
  { members: count = 3, pki, signal }: { members?: number; pki: string; signal: AbortSignal },
): Promise<EtcdContainers> {
  Object.assign(process.env, environmentOf(engine));
  await importEtcdImage(engine.dockerHost, signal);
  const network = await new Network({ nextUuid: () => peerNetwork }).start();
  const authority = await TestAuthority.create();
  await authority.write(pki, 'client', { commonName: 'root' });
  process.env[variables.credentials] = join(pki, 'client');
  const names = Array.from({ length: count }, (_, index) => `etcd-${index + 1}`);
  const started = await Promise.allSettled(
    names.map(async (name, index) => {
      const issued = await authority.issue({ commonName: 'etcd', addresses: [engine.address, '127.0.0.1'] });
      return startMember({ name, index, names, network, files: { ...issued, ca: authority.ca } });
    }),
  );
  const containers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(containers.map((container) => container.stop({ timeout: 0 })));
    await network.stop();
  };
  const endpoints = names.map((_, index) => `https://${engine.address}:${firstHostPort + index}`);
  try {
    const failed = started.find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
    await Promise.all(endpoints.map((endpoint) => untilHealthy(endpoint, 30_000, signal)));
  } catch (error) {
    await stop();
    throw error;
  }
  process.env[variables.endpoints] = endpoints.join(',');
  return { endpoints, members: names.map(dockerMember), stop };
}

/** Resolves once the member commits (etcd's `/health` does a quorum read); rejects after `timeoutMs`. */
export async function untilHealthy(endpoint: string, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const until = systemClock.monotonicMs() + timeoutMs;
  while (!(await isHealthy(endpoint, 2_000))) {
    if (systemClock.monotonicMs() > until) throw new Error(`${endpoint} is not healthy after ${timeoutMs} ms`);
    await systemClock.sleep(100, signal);
  }
}

/** Whether the member answers within `timeoutMs` that it can commit. */
export function isHealthy(endpoint: string, timeoutMs: number): Promise<boolean> {
  const { cert, key, ca } = testEtcdCredentials().current;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    // No answer, a refused connection and half an answer all say the same: it cannot commit for us.
    const fails = (): void => resolve(false);
    const call = get(`${endpoint}/health`, { cert, key: key.reveal(), ca, agent: false, signal }, (answer) => {
      text(answer).then((said) => resolve((JSON.parse(said) as { health: string }).health === 'true'), fails);
    });
    call.on('error', fails);
  });
}

function environmentOf(engine: DockerEngine): Record<string, string> {
  return {
    [variables.dockerHost]: engine.dockerHost,
    [variables.enginePid]: String(engine.pid),
    TESTCONTAINERS_RYUK_DISABLED: 'true',
    TESTCONTAINERS_HOST_OVERRIDE: engine.address,
  };
}

interface MemberStart {
  name: string;
  index: number;
  names: string[];
  network: StartedNetwork;
  /** PEM: its certificate, key, and the authority that its clients are judged by. */
  files: Record<'cert' | 'key' | 'ca', string>;
}

function startMember({ name, index, names, network, files }: MemberStart): Promise<StartedTestContainer> {
  // Among themselves they are in a network of their own.
  const peerUrl = (one: string): string => `http://${one}:${peerPort}`;
  const path = (part: string): string => `/pki/${part}.pem`;
  const contents = Object.entries(files).map(([part, content]) => ({ content, target: path(part), mode: 0o600 }));
  return new GenericContainer(etcdImage)
    .withName(name)
    .withNetwork(network)
    .withNetworkAliases(name)
    .withExposedPorts({ container: clientPort, host: firstHostPort + index })
    .withCopyContentToContainer(contents)
    .withCommand([
      ...['/bin/etcd', '--name', name, '--data-dir', '/data', '--initial-cluster-state', 'new'],
      ...[
        '--listen-client-urls',
        `https://0.0.0.0:${clientPort}`,
        '--advertise-client-urls',
        `https://${name}:${clientPort}`,
      ],
      ...['--listen-peer-urls', `http://0.0.0.0:${peerPort}`, '--initial-advertise-peer-urls', peerUrl(name)],
      ...['--initial-cluster', names.map((one) => `${one}=${peerUrl(one)}`).join(',')],
      ...[
        '--client-cert-auth',
        '--cert-file',
        path('cert'),
        '--key-file',
        path('key'),
        '--trusted-ca-file',
        path('ca'),
      ],
      ...['--heartbeat-interval', '100', '--election-timeout', '1000'],
      ...['--logger', 'zap', '--log-level', 'warn'],
    ])
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(30_000)
    .start();
}
