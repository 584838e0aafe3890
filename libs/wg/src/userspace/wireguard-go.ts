/** The life of a wireguard-go process: started so that it outlives us, known again by pid, start time, arguments and namespace. */
import { spawn } from 'node:child_process';
import { unlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename } from 'node:path';
import { CatalogueError, systemClock } from '@wgcni/base';
import { identifyNetns, processEnvironment, startFailure, type Processes } from '@wgcni/iproute';
import { argvOfProcess, identifyProcess, isGone, listProcesses, type ProcessIdentity } from './proc.ts';
import type { ProcessRecords } from './process-records.ts';
import { socketOf } from './uapi.ts';

const program = 'wireguard-go';

const startBoundMs = 5000;
const pollMs = 5;
/** How long a process may take to end after SIGTERM, and then after SIGKILL. */
const politeMs = 1500;
const forcedMs = 3000;
const scanWidth = 64;

export class WireguardGo {
  readonly #processes: Processes;
  readonly #records: ProcessRecords;

  constructor(processes: Processes, records: ProcessRecords) {
    this.#processes = processes;
    this.#records = records;
  }

  /**
   * Starts a process for `id` in our namespace, with a link of that name, down. Resolves once its control socket answers. Throws
   * CatalogueError `kernel.refused` when it ends before, or when another node's process has the id.
   */
  async start(id: string): Promise<ProcessIdentity> {
    await this.#refuseRival(id);
    const [file = '', ...args] = this.#processes.argvOf({ argv: [program, '-f', id] });
    // A session of its own and no pipe to us: it neither gets our signals nor dies of a broken pipe.
    const child = spawn(file, args, { detached: true, stdio: 'ignore', cwd: '/', env: processEnvironment() });
    let ending: Error | undefined;
    child.once('error', (error) => (ending = startFailure(program, error)));
    child.once('exit', (status) => (ending = endedEarly(id, status)));
    child.unref();
    // ORDER: recorded before it answers: what has neither a record nor a socket that answers is not looked for (see `find`).
    const identity = await identifyProcess(child.pid ?? 0);
    if (identity !== undefined) await this.#records.write(id, identity);
    const deadline = systemClock.monotonicMs() + startBoundMs;
    while (!(await answers(id))) {
      if (ending === undefined && systemClock.monotonicMs() >= deadline) {
        child.kill('SIGKILL');
        ending = endedEarly(id, null);
      }
      if (ending !== undefined) throw await this.#forgotten(id, ending);
      await systemClock.sleep(pollMs);
    }
    if (identity === undefined) throw endedEarly(id, null);
    return identity;
  }

  /**
   * The process that serves `id` now, or undefined. One whose record was lost is adopted when its socket answers and it is the only one
   * with its arguments: without either it is not looked for, since a walk through every process would cost each ADD more than its forks.
   */
  async find(id: string): Promise<ProcessIdentity | undefined> {
    const recorded = await this.#records.read(id);
    if (recorded !== undefined && (await this.#isStill(recorded, id))) return recorded;
    if (!(await answers(id))) return undefined;
    return this.#adopt(id);
  }

  async #adopt(id: string): Promise<ProcessIdentity | undefined> {
    const found = (await this.#scan()).filter((each) => each.id === id);
    if (found.length > 1) throw ambiguous(id, found);
    const [only] = found;
    if (only !== undefined) await this.#records.write(id, only.identity);
    return only?.identity;
  }

  /** The failure of a start, once nothing is recorded of it any more. */
  async #forgotten(id: string, failure: Error): Promise<Error> {
    await this.#records.remove(id);
    return failure;
  }

  /** Ends the process of `id` and waits until it is gone, so that its name can be used again. A missing one is fine. */
  async stop(id: string): Promise<void> {
    const identity = (await this.find(id)) ?? (await this.#findEnding(id));
    if (identity !== undefined) await endProcess(identity);
    // A process that was killed leaves its socket behind.
    if (!(await answers(id))) await unlinkIfThere(socketOf(id));
    await this.#records.remove(id);
  }

  /** Ids of every process of ours that lives in our namespace and whose id starts with `prefix`. */
  async liveIds(prefix: string): Promise<string[]> {
    const ids = (await this.#scan()).map((each) => each.id).filter((id) => id.startsWith(prefix));
    return [...new Set(ids)].sort();
  }

  /** The recorded process when it was killed a moment ago: it has lost its arguments already, but not yet its device. */
  async #findEnding(id: string): Promise<ProcessIdentity | undefined> {
    const recorded = await this.#records.read(id);
    const isEnding = recorded !== undefined && (await argvOfProcess(recorded.pid)) === undefined;
    return isEnding && (await isRunning(recorded)) ? recorded : undefined;
  }

  /** Control sockets are shared by all namespaces of a machine, so an id that another node's process serves cannot be used here. */
  async #refuseRival(id: string): Promise<void> {
    if (!(await answers(id))) return;
    const pids = await listProcesses(program);
    const serving = await Promise.all(pids.map(async (pid) => ((await servedBy(pid)) === id ? [pid] : [])));
    const who = `process ${serving.flat().join(', ') || 'unknown'}`;
    throw new CatalogueError('kernel.refused', `${who} serves the device ${id} in another network namespace`, {
      remedy: 'end it if it is a leftover, or give each node on this machine a node id of its own',
    });
  }

  /** FENCE: a pid alone proves nothing; start time, arguments and namespace must match before we adopt or kill. */
  async #isStill(identity: ProcessIdentity, id: string): Promise<boolean> {
    const [now, servedId] = await Promise.all([identifyProcess(identity.pid), servedBy(identity.pid)]);
    return (
      now?.startTime === identity.startTime &&
      servedId === id &&
      (await this.#isInNetns(identity.pid, await this.#ownNetns()))
    );
  }

  async #scan(): Promise<{ id: string; identity: ProcessIdentity }[]> {
    const [pids, own] = await Promise.all([listProcesses(program), this.#ownNetns()]);
    const found = [];
    for (let from = 0; from < pids.length; from += scanWidth) {
      found.push(
        ...(await Promise.all(pids.slice(from, from + scanWidth).map((pid) => this.#ownedBy(pid, own)))).flat(),
      );
    }
    return found;
  }

  async #ownedBy(pid: number, own: string): Promise<{ id: string; identity: ProcessIdentity }[]> {
    const id = await servedBy(pid);
    if (id === undefined || !(await this.#isInNetns(pid, own))) return [];
    const identity = await identifyProcess(pid);
    return identity === undefined ? [] : [{ id, identity }];
  }

  #ownNetns(): Promise<string> {
    return identifyNetns(this.#processes.ownNetns ?? '/proc/self/ns/net');
  }

  /** Several nodes can share a machine: a process is ours only if its sockets are in our namespace. */
  async #isInNetns(pid: number, own: string): Promise<boolean> {
    try {
      return (await identifyNetns(`/proc/${pid}/ns/net`)) === own;
    } catch (error) {
      if (error instanceof CatalogueError && isGone(error.cause)) return false;
      throw error;
    }
  }
}

/** The device id that a process serves, or undefined when it is no wireguard-go in the foreground. */
async function servedBy(pid: number): Promise<string | undefined> {
  const [file = '', flag, id, ...rest] = (await argvOfProcess(pid)) ?? [];
  return basename(file) === program && flag === '-f' && rest.length === 0 ? id : undefined;
}

async function endProcess(identity: ProcessIdentity): Promise<void> {
  for (const [signal, boundMs] of [
    ['SIGTERM', politeMs],
    ['SIGKILL', forcedMs],
  ] as const) {
    if (!(await isRunning(identity))) return;
    signalProcess(identity.pid, signal);
    const deadline = systemClock.monotonicMs() + boundMs;
    while (systemClock.monotonicMs() < deadline) {
      if (!(await isRunning(identity))) return;
      await systemClock.sleep(pollMs);
    }
  }
  throw new CatalogueError('kernel.refused', `process ${identity.pid} (${program}) does not end after SIGKILL`, {
    remedy: 'see with `ps` what it waits for',
  });
}

async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(identity.pid))?.startTime === identity.startTime;
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

/** Whether a process listens on the control socket of `id`; a stale socket refuses. */
async function answers(id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketOf(id));
    const settle = (isAnswered: boolean): void => {
      socket.destroy();
      resolve(isAnswered);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

async function unlinkIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isGone(error)) throw error;
  }
}

function endedEarly(id: string, status: number | null): CatalogueError {
  const how = status === null ? `was not ready within ${startBoundMs} ms` : `ended with status ${status}`;
  return new CatalogueError('kernel.refused', `${program} for ${id} ${how} before its control socket answered`, {
    remedy:
      'see whether /dev/net/tun exists and can be opened; start `LOG_LEVEL=verbose wireguard-go -f test0` by hand',
  });
}

function ambiguous(id: string, found: readonly { identity: ProcessIdentity }[]): CatalogueError {
  const pids = found.map((each) => each.identity.pid).join(', ');
  return new CatalogueError('kernel.refused', `the processes ${pids} all serve the device ${id}`, {
    remedy: 'end all but the one that works',
  });
}
