/** A process inside a container that sends to all others again and again, and remembers when it heard nothing of whom. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** What one container heard of another, in Unix milliseconds: the clock of the machine, which all share. */
export interface Heard {
  count: number;
  firstMs: number;
  lastMs: number;
  /** From the last datagram before a silence to the first after it. */
  silences: [number, number][];
}

export interface TalkerPlace {
  netnsPath: string;
  name: string;
  address: string;
  /** Milliseconds between two datagrams to the same address. */
  everyMs: number;
}

export interface TalkerReport {
  heard: Record<string, Heard>;
  sent: number;
  /** The longest time between two of its own turns: what it did not send then, the machine did not let it. */
  longestTurnMs: number;
}

const port = 7_777;

/**
 * Plain JavaScript, since it begins in a container within some tens of milliseconds. Arguments: its name, its address and how often it sends.
 * Silences of up to four turns are not remembered. Each line that it reads is
 * the list of whom it sends to; when there are no more, it writes its report and ends.
 */
const script = `
const { createSocket } = require('node:dgram');
const [name, address, everyMs] = process.argv.slice(1);
const heard = {};
let [to, sent, longestTurnMs, turnMs] = [[], 0, 0, undefined];
const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
socket.on('message', (message) => {
  const [from, now] = [String(message), Date.now()];
  const before = heard[from];
  if (before === undefined) heard[from] = { count: 1, firstMs: now, lastMs: now, silences: [] };
  else {
    if (now - before.lastMs > 4 * everyMs) before.silences.push([before.lastMs, now]);
    before.count += 1;
    before.lastMs = now;
  }
});
const turn = () => {
  const now = Date.now();
  if (turnMs !== undefined) longestTurnMs = Math.max(longestTurnMs, now - turnMs);
  turnMs = now;
  sent += to.length;
  for (const one of to) socket.send(name, ${port}, one, () => {});
};
const lines = require('node:readline').createInterface({ input: process.stdin });
lines.on('line', (line) => (to = JSON.parse(line)));
lines.on('close', () => {
  process.stdout.write(JSON.stringify({ heard, sent, longestTurnMs }) + '\\n', () => process.exit(0));
});
socket.bind(${port}, address, () => {
  process.stdout.write('ready\\n');
  setInterval(turn, Number(everyMs));
});
`;

export class Talker {
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  readonly #ended: Promise<unknown>;
  #wake: () => void = () => {};

  private constructor({ netnsPath, name, address, everyMs }: TalkerPlace) {
    const argv = [`--net=${netnsPath}`, process.execPath, '-e', script, name, address, String(everyMs)];
    this.#child = spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#ended = once(this.#child, 'close');
    this.#child.stdin?.on('error', () => undefined);
    if (this.#child.stdout === null) throw new Error('a talker has no output');
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
  }

  /** Resolves when it listens. */
  static async start(place: TalkerPlace): Promise<Talker> {
    const talker = new Talker(place);
    await talker.#line(0);
    return talker;
  }

  /** From now on it sends to these addresses. */
  sendTo(addresses: readonly string[]): void {
    this.#child.stdin?.write(`${JSON.stringify(addresses)}\n`);
  }

  /** Ends it. */
  async stop(): Promise<TalkerReport> {
    this.#child.stdin?.end();
    await this.#ended;
    return JSON.parse(await this.#line(1)) as TalkerReport;
  }

  async #line(index: number): Promise<string> {
    for (;;) {
      const line = this.#lines[index];
      if (line !== undefined) return line;
      const more = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([more, this.#ended]);
      if (this.#lines[index] === undefined && this.#child.exitCode !== null)
        throw new Error('a talker has ended early');
    }
  }
}
