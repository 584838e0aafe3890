/** A long-lived `ip -batch -` in our own namespace: asked something, it starts no process, which costs its starter more than the answer. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { SerialQueue } from '@wgcni/base';
import { processEnvironment, type Processes } from './processes.ts';

/** Its answers take milliseconds; one that is not there by then does not come. */
const patienceMs = 5_000;

/** Neither `ip` nor we forget a link that has left; so many are kept in mind before another process begins anew. */
const mostNames = 10_000;

/** One stream for answers and complaints keeps their order. The kernel ends it with us, however we end. */
const argv = ['setpriv', '--pdeathsig', 'KILL', 'sh', '-c', 'exec ip -json -details -Numeric -batch - 2>&1'];

type Child = ChildProcessByStdio<Writable, Readable, null>;
/** What `spawn` returns when no process could be started: it has no streams. */
type Started = Child | (Omit<Child, 'stdin' | 'stdout'> & { stdin: undefined; stdout: undefined });

export class IpSession {
  readonly #processes: Processes;
  readonly #queue = new SerialQueue();
  #child: Child | undefined;
  /** The name under which the process first saw each link, by the link's number. */
  #names = new Map<number, string>();

  constructor(processes: Processes) {
    this.#processes = processes;
  }

  /**
   * What the commands print: `count` JSON arrays, a line each, the first of them of all links. Undefined when anything else comes, or
   * nothing: then nobody knows how many of the commands were done, and the next question goes to another process. So it is when a link has
   * another name than it had: `ip` goes on writing the first name that it saw into routes and addresses.
   */
  ask(commands: readonly string[], count: number): Promise<string[] | undefined> {
    return this.#queue.run(async () => {
      this.#child ??= start(this.#processes.argvOf({ argv }));
      if (this.#child === undefined) return undefined;
      const answer = await answerOf(this.#child, commands, count);
      if (answer === undefined || !this.#areNamesAsBefore(answer[0])) {
        this.giveUp();
        return undefined;
      }
      if (this.#names.size > mostNames) this.giveUp();
      return answer;
    });
  }

  /** Has the next question asked of another process. */
  giveUp(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
    this.#names.clear();
  }

  #areNamesAsBefore(listing = '[]'): boolean {
    for (const { ifindex, ifname } of JSON.parse(listing) as { ifindex?: number; ifname?: string }[]) {
      // `ip` prints an empty object for a link that it filtered out.
      if (ifindex === undefined || ifname === undefined) continue;
      const before = this.#names.get(ifindex);
      if (before !== undefined && before !== ifname) return false;
      this.#names.set(ifindex, ifname);
    }
    return true;
  }
}

/** Undefined when no process can be started now, for want of descriptors for one. */
function start([program = '', ...args]: readonly string[]): Child | undefined {
  const child: Started = spawn(program, args, { env: processEnvironment(), stdio: ['pipe', 'pipe', 'ignore'] });
  // That it ended is seen by its output, which ends with it.
  child.on('error', () => undefined);
  if (child.stdin === undefined) return undefined;
  child.stdin.on('error', () => undefined);
  // It keeps nobody alive who has nothing to ask.
  child.unref();
  for (const stream of [child.stdin, child.stdout]) (stream as Writable & Readable as Socket).unref();
  child.stdout.setEncoding('utf8');
  return child;
}

function answerOf({ stdin, stdout }: Child, commands: readonly string[], count: number): Promise<string[] | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const settle = (answer: string[] | undefined): void => {
      clearTimeout(timer);
      stdout.off('data', read).off('close', giveUp);
      resolve(answer);
    };
    const giveUp = (): void => settle(undefined);
    const read = (piece: string): void => {
      text += piece;
      if (!piece.includes('\n')) return;
      const lines = text.split('\n');
      const rest = lines.pop();
      if (!lines.every(isArray) || lines.length > count) giveUp();
      else if (lines.length === count) settle(rest === '' ? lines : undefined);
    };
    const timer = setTimeout(giveUp, patienceMs);
    if (stdout.closed) return giveUp();
    stdout.on('data', read).once('close', giveUp);
    stdin.write(commands.map((command) => `${command}\n`).join(''));
  });
}

/** Complaints are lines of their own, or stand in the midst of what was being printed. */
function isArray(line: string): boolean {
  return line.startsWith('[') && line.endsWith(']') && !line.includes('Dump was interrupted');
}
