/** What /proc says of a process: enough to know it again, since process ids are reused. */
import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';

/** So many names are read before others have their turn. */
const atOnce = 256;

export interface ProcessIdentity {
  pid: number;
  /** Clock ticks between boot and the start of the process (proc(5), field 22 of stat). */
  startTime: string;
}

/**
 * The identity of a process, or undefined when there is none or only a zombie. A zombie with threads left has not ended: they hold its
 * files, and with them its device, until the last one is gone.
 */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const stat = await readOfProcess(pid, 'stat');
  // The second field is a name in parentheses that may itself hold blanks and parentheses; state is the third.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, threads, startTime] = [fields?.[0], Number(fields?.[17]), fields?.[19]];
  const hasEnded = (state === 'Z' || state === 'X') && threads <= 1;
  return startTime === undefined || hasEnded ? undefined : { pid, startTime };
}

/** The argument list of a process, or undefined when there is none or it is about to end. */
export async function argvOfProcess(pid: number): Promise<string[] | undefined> {
  const text = await readOfProcess(pid, 'cmdline');
  return text === undefined || text === '' ? undefined : text.split('\0').slice(0, -1);
}

/**
 * The ids of the processes there are now whose short name holds `part`; a wrapper may have put something around it. The kernel has the
 * name at hand and waits for nobody, so it is read at once: through the thread pool a look at every process of a machine would cost
 * twenty times as much.
 */
export async function listProcesses(part: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^[0-9]+$/.test(name)).map(Number);
  const named: number[] = [];
  for (const [index, pid] of pids.entries()) {
    if (index % atOnce === atOnce - 1) await setImmediate();
    if (nameOfProcess(pid)?.includes(part) === true) named.push(pid);
  }
  return named;
}

function nameOfProcess(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trimEnd();
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** A file of a process, or undefined when the process is gone. */
export async function readOfProcess(pid: number, file: string): Promise<string | undefined> {
  try {
    return await readFile(`/proc/${pid}/${file}`, 'utf8');
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

/** Whether a failed look into /proc means that the process has ended meanwhile. */
export function isGone(error: unknown): boolean {
  return ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '');
}
