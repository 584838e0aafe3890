/** Before the integration tests: an engine and a three-member etcd for all of them; afterwards nothing of it stays. */
import { startDockerEngine } from './engine.ts';
import { startEtcdContainers } from './etcd-containers.ts';

/** Vitest calls this once per run; what it resolves with is called at the end. */
export default async function setUp(): Promise<() => Promise<void>> {
  const signal = AbortSignal.timeout(90_000);
  const engine = await startDockerEngine({ signal });
  try {
    await startEtcdContainers(engine, { members: 3, signal });
  } catch (error) {
    await engine.stop();
    throw error;
  }
  // Containers and networks end with the engine.
  return () => engine.stop();
}
