/** Watches the kernel with a long-lived program that prints what changes, started again when it dies. */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { backoffMs, systemRandom } from '@wgcni/base';
import { coalesced } from '../coalesced.ts';
import { processEnvironment, type Processes } from './processes.ts';

/** Changes within this time come as one. */
const coalesceMs = 50;
const restart = { firstMs: 100, maxMs: 2000 };
/** Who ended as often without having said anything is not merely unlucky: it is told, once. */
const deafAfter = 3;
/** When a monitor that was just started may have been deaf until: in a moment, or on a machine that is slow. */
const deafMs = [1_000, 5_000];

export interface Monitor {
  /** Program and arguments; it prints a line for each change until it is ended. */
  argv: readonly string[];
  /** Whether a line tells of what was asked for. */
  isNews: (line: string) => boolean;
}

/**
 * Yields after changes in our own namespace, and some times after each (re)start of the watch, since what changed before it hears is unseen.
 * Returns when the signal aborts.
 */
export function monitorChanges(
  processes: Processes,
  signal: AbortSignal,
  { argv, isNews }: Monitor,
): AsyncIterable<void> {
  // The kernel ends the monitor with us, however we end: left over, it would keep our namespace alive for ever.
  const bound = processes.argvOf({ argv: ['setpriv', '--pdeathsig', 'KILL', ...argv] });
  return coalesced((ring) => superviseMonitor(bound, ring, isNews), coalesceMs, signal);
}

function superviseMonitor(
  [program = '', ...args]: readonly string[],
  ring: () => void,
  isNews: (line: string) => boolean,
): () => void {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let hearing: NodeJS.Timeout[] = [];
  let isStopped = false;
  let failures = 0;
  let complaint = '';

  const start = (): void => {
    const started: ChildProcess = spawn(program, args, {
      env: processEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    started.once('spawn', () => {
      ring();
      hearing.forEach(clearTimeout);
      hearing = deafMs.map((ms) => setTimeout(ring, ms));
    });
    onLines(started.stdout, (line) => {
      if (isNews(line)) ring();
    });
    // Its complaints are rings too: it complains when it lost messages.
    started.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = text.trim();
      ring();
    });
    started.stdout?.once('data', () => (failures = 0));
    onceOver(started, () => {
      if (isStopped) return;
      if (failures === deafAfter) tellDeaf([program, ...args], complaint);
      timer = setTimeout(start, backoffMs(failures++, restart, systemRandom));
    });
  };

  start();
  return () => {
    isStopped = true;
    clearTimeout(timer);
    hearing.forEach(clearTimeout);
    child?.kill('SIGKILL');
  };
}

/** What nobody hears is found by looking, which is later and costs more. */
function tellDeaf(argv: readonly string[], complaint: string): void {
  process.emitWarning(`"${argv.join(' ')}" ends again and again${complaint === '' ? '' : `: ${complaint}`}`, {
    code: 'WGCNI_DEAF',
    detail: 'what others change is found by looks alone; run it by hand as this process does, and allow what it lacks',
  });
}

/** Calls `hear` with every whole line of a stream. */
function onLines(stream: Readable | null, hear: (line: string) => void): void {
  let rest = '';
  stream?.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) hear(line);
  });
}

/** A process that cannot be started may report an error, a close, or both: one of them counts. */
function onceOver(child: ChildProcess, over: () => void): void {
  let isOver = false;
  const first = (): void => {
    if (!isOver) over();
    isOver = true;
  };
  child.once('error', first);
  child.once('close', first);
}
