/** A process of the lab that outlives the command which started it; identified by pid and start time, so that no other is killed. */
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from '@wgcni/base';

export interface ProcessRecord {
  name: string;
  pid: number;
  /** Clock ticks since boot, field 22 of /proc/<pid>/stat. */
  startTime: string;
}

export interface ProcessSpec {
  name: string;
  argv: readonly [string, ...string[]];
  /** Path of the network namespace to run in; absent: the caller's. */
  netnsPath?: string;
  env?: Record<string, string>;
  log: string;
}

/** Starts a detached process whose output goes to its log file. */
export function startProcess(spec: ProcessSpec): LabProcess {
  const argv = spec.netnsPath === undefined ? spec.argv : ['nsenter', `--net=${spec.netnsPath}`, ...spec.argv];
  mkdirSync(dirname(spec.log), { recursive: true, mode: 0o700 });
  const log = openSync(spec.log, 'a', 0o600);
  const child = spawn(argv[0], argv.slice(1), {
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env['PATH'], ...spec.env },
  });
  closeSync(log);
  child.unref();
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${spec.name} did not start: is ${argv[0]} installed?`);
  return new LabProcess({ name: spec.name, pid, startTime: startTimeOf(pid) ?? '' });
}

export class LabProcess {
  readonly record: ProcessRecord;

  constructor(record: ProcessRecord) {
    this.record = record;
  }

  get pid(): number {
    return this.record.pid;
  }

  /** Whether this very process still runs (a zombie does not). */
  isAlive(): boolean {
    return startTimeOf(this.record.pid) === this.record.startTime;
  }

  /** Sends a signal; a process that is gone is fine. */
  kill(signal: NodeJS.Signals): void {
    if (this.isAlive()) process.kill(this.record.pid, signal);
  }

  /** Resolves with whether the process has ended within `timeoutMs`. */
  async ended(timeoutMs: number): Promise<boolean> {
    const until = systemClock.monotonicMs() + timeoutMs;
    while (this.isAlive()) {
      if (systemClock.monotonicMs() > until) return false;
      await systemClock.sleep(10);
    }
    return true;
  }

  /** SIGTERM, and SIGKILL when that was not enough within `graceMs`. */
  async stop(graceMs = 5_000): Promise<void> {
    this.kill('SIGTERM');
    if (await this.ended(graceMs)) return;
    this.kill('SIGKILL');
    await this.ended(5_000);
  }
}

/** Start time of a process that runs, or undefined when there is none or it is a zombie. */
function startTimeOf(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  // The command name, in parentheses, may hold blanks.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}
