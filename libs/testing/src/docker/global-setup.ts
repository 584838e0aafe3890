/** Before the integration tests: an engine and a three-member etcd for all of them; afterwards nothing of it stays. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDockerEngine } from './engine.ts';
import { startEtcdContainers } from './etcd-containers.ts';

/** Vitest calls this once per run; what it resolves with is called at the end. */
export default async function setUp(): Promise<() => Promise<void>> {
  const signal = AbortSignal.timeout(90_000);
  const pki = await mkdtemp(join(tmpdir(), 'wgcni-etcd-pki-'));
  const engine = await startDockerEngine({ signal });
  // Containers and networks end with the engine.
  const tearDown = (): Promise<void> => engine.stop().finally(() => rm(pki, { recursive: true }));
  try {
    await startEtcdContainers(engine, { members: 3, pki, signal });
  } catch (error) {
    await tearDown();
    throw error;
  }
  return tearDown;
}
