/**
 * A Docker engine of the tests' own: Debian's `dockerd` in fresh network, mount and process namespaces, joined to ours by one veth pair.
 *
 * ```
 *  namespace of the tests                    namespaces of the engine
 *  vitest ── wgXXXXXXXX 198.18.x.y/30 ═══ eth0 198.18.x.y+1 ── published ports ── bridge ── containers
 * ```
 *
 * Its iptables rules, bridges and mounts live in those namespaces only, and all of them end with its first process.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { systemClock } from '@wgcni/base';
import { execa } from 'execa';
import { removeCgroups, thaw } from '../cgroups.ts';
import { joinByVeth } from './veth.ts';

export interface DockerEngine {
  /** For `DOCKER_HOST`: `unix:///…`. */
  dockerHost: string;
  /** The address under which the tests reach published ports. */
  address: string;
  /** The engine's first process, as seen from here: its namespaces are under `/proc/<pid>/ns`. */
  pid: number;
  /** Ends every process of the engine and its containers and removes all that it made. */
  stop(): Promise<void>;
}

const readyWithinMs = 30_000;

/** Starts an engine and waits until it answers. Needs root. Rejects with the end of its log when it does not come up. */
export async function startDockerEngine({ signal }: { signal: AbortSignal }): Promise<DockerEngine> {
  const dir = await mkdtemp(join(tmpdir(), 'wgcni-docker-'));
  const name = basename(dir).toLowerCase();
  const dockerHost = `unix://${join(dir, 'docker.sock')}`;
  // This machine's own /etc/docker/daemon.json is not ours to follow.
  await writeFile(join(dir, 'daemon.json'), '{}');
  const unshare = spawnDockerd(dir, name);
  const exited = new Promise<void>((resolve) => unshare.once('close', () => resolve()));
  let pid: number | undefined;
  let veth: { address: string; remove(): Promise<void> } | undefined;
  const stop = async (): Promise<void> => {
    await veth?.remove();
    await thaw(name);
    // Our kill reaches the first process of the pid namespace; the kernel ends all others in it, and only then does `unshare` return.
    if (pid !== undefined) killIfAlive(pid);
    else unshare.kill('SIGKILL');
    await exited;
    await removeCgroups(name);
    await rm(dir, { recursive: true, force: true });
  };
  try {
    pid = await onlyChildOf(unshare, signal);
    veth = await joinByVeth(pid);
    await waitUntilReady(dockerHost, unshare, signal);
    return { dockerHost, address: veth.address, pid, stop };
  } catch (error) {
    const log = await readFile(join(dir, 'log'), 'utf8');
    await stop();
    throw new Error(`dockerd did not start:\n${log.slice(-2_000)}`, { cause: error });
  }
}

/** `unshare` with dockerd as the first process of a pid namespace; should the tests be killed, it is killed too, and all of its namespaces end. */
function spawnDockerd(dir: string, name: string): ChildProcess {
  const log = openSync(join(dir, 'log'), 'a', 0o600);
  const namespaces = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const dockerd = [
    ...['dockerd', '--host', `unix://${join(dir, 'docker.sock')}`],
    ...['--data-root', join(dir, 'data'), '--exec-root', join(dir, 'exec'), '--pidfile', join(dir, 'pid')],
    ...[
      '--exec-opt',
      'native.cgroupdriver=cgroupfs',
      '--cgroup-parent',
      name,
      '--config-file',
      join(dir, 'daemon.json'),
    ],
  ];
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', ...dockerd];
  try {
    return spawn('setpriv', ['--pdeathsig', 'KILL', ...namespaces, ...inside], { stdio: ['ignore', log, log] });
  } finally {
    closeSync(log);
  }
}

async function onlyChildOf(parent: ChildProcess, signal: AbortSignal): Promise<number> {
  const until = systemClock.monotonicMs() + readyWithinMs;
  while (systemClock.monotonicMs() < until && parent.exitCode === null && parent.pid !== undefined) {
    const children = (await readFile(`/proc/${parent.pid}/task/${parent.pid}/children`, 'utf8')).trim();
    if (children !== '') return Number(children.split(' ')[0]);
    await systemClock.sleep(10, signal);
  }
  throw new Error('no process in the new namespaces');
}

async function waitUntilReady(dockerHost: string, unshare: ChildProcess, signal: AbortSignal): Promise<void> {
  const until = systemClock.monotonicMs() + readyWithinMs;
  for (;;) {
    const { failed } = await execa('docker', ['version'], {
      env: { DOCKER_HOST: dockerHost },
      reject: false,
      timeout: 5_000,
    });
    if (!failed) return;
    if (unshare.exitCode !== null || systemClock.monotonicMs() > until) throw new Error('the engine does not answer');
    await systemClock.sleep(50, signal);
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
