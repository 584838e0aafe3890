/** Pings between namespaces: once with the round-trip time, and as a monitor that lists what was lost. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { execa } from 'execa';

export interface PingOptions {
  /** How many requests; default 2. */
  count?: number;
  /** Source address; default the kernel's choice. */
  from?: string;
}

/** Round-trip time in milliseconds of the quickest of a few pings from a namespace, or undefined when none came back. */
export async function ping(
  netnsPath: string,
  address: string,
  { count = 2, from }: PingOptions = {},
): Promise<number | undefined> {
  const source = from === undefined ? [] : ['-I', from];
  const args = ['ping', '-n', '-q', '-i', '0.2', '-c', String(count), '-W', '2', ...source, address];
  const { stdout } = await execa('nsenter', [`--net=${netnsPath}`, ...args], { reject: false });
  const match = /= ([0-9.]+)\//.exec(stdout);
  return match === null ? undefined : Number(match[1]);
}

export interface PingResult {
  sent: number;
  received: number;
  /** Sequence numbers that never came back. */
  lost: number[];
  longestGapMs: number;
}

/** A steady ping from one namespace; `stop` tells what was lost. */
export class PingMonitor {
  readonly #child: ChildProcess;
  readonly #intervalMs: number;
  readonly #ended: Promise<unknown>;
  #output = '';

  constructor(netnsPath: string, address: string, intervalMs = 10) {
    this.#intervalMs = intervalMs;
    const args = [`--net=${netnsPath}`, 'ping', '-n', '-i', String(intervalMs / 1000), '-W', '5', address];
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

  /** Ends the ping and counts; the very last request may still be on its way and is not counted. */
  async stop(): Promise<PingResult> {
    this.#child.kill('SIGINT');
    await this.#ended;
    return countPings(this.#output, this.#intervalMs);
  }
}

/** Reads the output of `ping`: which sequence numbers between the first and the last answer are missing. */
export function countPings(output: string, intervalMs: number): PingResult {
  const sent = Number(/([0-9]+) packets transmitted/.exec(output)?.[1] ?? 0);
  const seen = new Set([...output.matchAll(/icmp_seq=([0-9]+) (?!Destination)/g)].map((match) => Number(match[1])));
  // ICMP sequence numbers are 16 bits wide; `ping` prints them modulo 65,536.
  const lost =
    sent < 65_536
      ? Array.from({ length: Math.max(0, sent - 1) }, (_, index) => index + 1).filter((seq) => !seen.has(seq))
      : [];
  return { sent, received: seen.size, lost, longestGapMs: longestRun(lost) * intervalMs };
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
