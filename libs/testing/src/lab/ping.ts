/** Pings between namespaces: once with the round-trip time, and as a monitor that lists what was lost. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { systemClock } from '@wgcni/base';
import { execa } from 'execa';

export interface PingOptions {
  /** How many requests; default 2. */
  count?: number;
  /** Source address; default the kernel's choice. */
  from?: string;
  /** How long the last one may take to be answered; default 2 s. Less is for who asks again: a busy machine takes its time. */
  patienceMs?: number;
}

/** Round-trip time in milliseconds of the quickest of a few pings from a namespace, or undefined when none came back. */
export async function ping(
  netnsPath: string,
  address: string,
  { count = 2, from, patienceMs = 2_000 }: PingOptions = {},
): Promise<number | undefined> {
  const source = from === undefined ? [] : ['-I', from];
  const args = ['ping', '-n', '-q', '-i', '0.2', '-c', String(count)];
  const patience = ['-W', String(patienceMs / 1_000)];
  const { stdout } = await execa('nsenter', [`--net=${netnsPath}`, ...args, ...patience, ...source, address], {
    reject: false,
  });
  const match = /= ([0-9.]+)\//.exec(stdout);
  return match === null ? undefined : Number(match[1]);
}

export interface PingResult {
  sent: number;
  received: number;
  /** Sequence numbers that never came back. */
  lost: number[];
  /** When each of these was sent, about, in Unix milliseconds: counted on from the last answer before it. */
  lostAtMs: number[];
  longestGapMs: number;
}

/** An answer that takes longer is lost: paths here take a millisecond, but their machine may be busy. */
const answerMs = 500;

/** A steady ping from one namespace; `stop` tells what was lost. */
export class PingMonitor {
  readonly #child: ChildProcess;
  readonly #intervalMs: number;
  readonly #ended: Promise<unknown>;
  #output = '';

  constructor(netnsPath: string, address: string, intervalMs = 10) {
    this.#intervalMs = intervalMs;
    const args = [`--net=${netnsPath}`, 'ping', '-n', '-D', '-i', String(intervalMs / 1000), '-W', '5', address];
    this.#child = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'close');
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
  }

  /** Resolves when so many answers have come: the ping is well under way. */
  async underWay(answers = 10): Promise<void> {
    while ((this.#output.match(/icmp_seq=/g)?.length ?? 0) < answers) {
      await Promise.race([once(this.#child.stdout as Readable, 'data'), this.#ended]);
      if (this.#child.exitCode !== null) throw new Error(`the ping has ended: ${this.#output}`);
    }
  }

  /** Counts what was sent up to now. It goes on for a moment, so that all of that has had its time to be answered. */
  async stop(): Promise<PingResult> {
    const untilMs = Date.now();
    await systemClock.sleep(answerMs);
    this.#child.kill('SIGINT');
    await this.#ended;
    return countPings(this.#output, { intervalMs: this.#intervalMs, untilMs });
  }
}

/**
 * Reads the output of `ping -D`: which sequence numbers sent before `untilMs` (Unix time) are missing, and when they were sent, about.
 * The very last request is not counted. Throws when there were more requests than sequence numbers: what was lost cannot be told then.
 */
export function countPings(
  output: string,
  { intervalMs, untilMs = Infinity }: { intervalMs: number; untilMs?: number },
): PingResult {
  const sent = Number(/([0-9]+) packets transmitted/.exec(output)?.[1] ?? 0);
  // ICMP sequence numbers are 16 bits wide; `ping` prints them modulo 65,536.
  if (sent >= 65_536) throw new Error(`${sent} pings are more than there are sequence numbers: count them in parts`);
  // Of other lines, such as "From 192.0.2.1 icmp_seq=7 Time to live exceeded", none is an answer.
  const answers = output.matchAll(/^\[([0-9.]+)\] [0-9]+ bytes from [^\n]*icmp_seq=([0-9]+) /gm);
  const answeredAtMs = new Map([...answers].map(([, atSec, seq]) => [Number(seq), Number(atSec) * 1_000]));
  const lost: number[] = [];
  const lostAtMs: number[] = [];
  let last = { seq: 0, atMs: NaN };
  for (let seq = 1; seq < sent; seq += 1) {
    const atMs = answeredAtMs.get(seq);
    if (atMs !== undefined) last = { seq, atMs };
    else {
      const sentAtMs = last.atMs + (seq - last.seq) * intervalMs;
      if (sentAtMs >= untilMs) break;
      lost.push(seq);
      lostAtMs.push(sentAtMs);
    }
  }
  return { sent, received: answeredAtMs.size, lost, lostAtMs, longestGapMs: longestRun(lost) * intervalMs };
}

function longestRun(sorted: readonly number[]): number {
  let longest = 0;
  let run = 0;
  sorted.forEach((value, index) => {
    run = index > 0 && sorted[index - 1] === value - 1 ? run + 1 : 1;
    longest = Math.max(longest, run);
  });
  return longest;
}
