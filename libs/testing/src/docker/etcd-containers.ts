/** A real etcd cluster in containers, through testcontainers. */
import { systemClock } from '@wgcni/base';
import { GenericContainer, Network, type StartedNetwork, type StartedTestContainer, Wait } from 'testcontainers';
import type { DockerEngine } from './engine.ts';
import { etcdImage, importEtcdImage } from './etcd-image.ts';
import { dockerMember, type EtcdMember, peerNetwork, peerPort, variables } from './member.ts';

export interface EtcdContainers {
  /** Client URLs, in the order of the members. */
  endpoints: string[];
  members: EtcdMember[];
  stop(): Promise<void>;
}

const clientPort = 2379;
/** Ports are fixed: a mapped one would change when a member's cable is pulled and put back. The namespace is the engine's own. */
const firstHostPort = 23_791;

/**
 * Starts `members` members named `etcd-1`, `etcd-2`, … in the engine and waits until each is healthy. Sets the variables by
 * which testcontainers and `dockerMember` find the engine.
 */
export async function startEtcdContainers(
  engine: DockerEngine,
  { members: count = 3, signal }: { members?: number; signal: AbortSignal },
): Promise<EtcdContainers> {
  Object.assign(process.env, environmentOf(engine));
  await importEtcdImage(engine.dockerHost, signal);
  const network = await new Network({ nextUuid: () => peerNetwork }).start();
  const names = Array.from({ length: count }, (_, index) => `etcd-${index + 1}`);
  const started = await Promise.allSettled(names.map((name, index) => startMember({ name, index, names, network })));
  const containers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  const stop = async (): Promise<void> => {
    await Promise.all(containers.map((container) => container.stop({ timeout: 0 })));
    await network.stop();
  };
  const endpoints = names.map((_, index) => `http://${engine.address}:${firstHostPort + index}`);
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
export async function isHealthy(endpoint: string, timeoutMs: number): Promise<boolean> {
  try {
    const answer = await fetch(`${endpoint}/health`, { signal: AbortSignal.timeout(timeoutMs) });
    return ((await answer.json()) as { health: string }).health === 'true';
  } catch {
    // No answer, a refused connection and half an answer all say the same: it cannot commit for us.
    return false;
  }
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
}

function startMember({ name, index, names, network }: MemberStart): Promise<StartedTestContainer> {
  const peerUrl = (one: string): string => `http://${one}:${peerPort}`;
  return new GenericContainer(etcdImage)
    .withName(name)
    .withNetwork(network)
    .withNetworkAliases(name)
    .withExposedPorts({ container: clientPort, host: firstHostPort + index })
    .withCommand([
      ...['/bin/etcd', '--name', name, '--data-dir', '/data', '--initial-cluster-state', 'new'],
      ...[
        '--listen-client-urls',
        `http://0.0.0.0:${clientPort}`,
        '--advertise-client-urls',
        `http://${name}:${clientPort}`,
      ],
      ...['--listen-peer-urls', `http://0.0.0.0:${peerPort}`, '--initial-advertise-peer-urls', peerUrl(name)],
      ...['--initial-cluster', names.map((one) => `${one}=${peerUrl(one)}`).join(',')],
      ...['--heartbeat-interval', '100', '--election-timeout', '1000'],
      ...['--logger', 'zap', '--log-level', 'warn'],
    ])
    .withWaitStrategy(Wait.forListeningPorts())
    .withStartupTimeout(30_000)
    .start();
}
