/** One TCP connection between two namespaces, numbered lines on it without a pause: what came, in which order, and how long nothing did. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

interface StreamSpec {
  /** Of the receiver. */
  address: string;
  port: number;
  /** Between two lines. */
  intervalMs: number;
}

export interface StreamResult {
  sent: number;
  received: number;
  isInOrder: boolean;
  /** Whether the connection ended by anything but its two ends. */
  isBroken: boolean;
  longestGapMs: number;
}

const receiver = `
  require('node:net').createServer((socket) => {
    let rest = '', received = 0, isInOrder = true, lastAt = performance.now(), longest = 0;
    socket.setEncoding('latin1').on('data', (text) => {
      const now = performance.now();
      longest = Math.max(longest, now - lastAt);
      lastAt = now;
      const lines = (rest + text).split('\\n');
      rest = lines.pop();
      for (const line of lines) {
        if (Number(line) !== received) isInOrder = false;
        received += 1;
      }
    });
    socket.on('error', () => {}).on('close', (isBroken) => {
      console.log(JSON.stringify({ received, isInOrder, isBroken, longestGapMs: Math.round(longest) }));
      process.exit();
    });
  }).listen(Number(process.argv[1]), '::', () => console.log('listening'));`;

const sender = `
  const [host, port, intervalMs] = process.argv.slice(1);
  let sent = 0;
  const socket = require('node:net').connect(Number(port), host, () => {
    console.log('connected');
    const timer = setInterval(() => socket.write(sent++ + '\\n'), Number(intervalMs));
    process.on('SIGTERM', () => {
      clearInterval(timer);
      socket.end(() => console.log(sent));
    });
  });`;

type Child = ChildProcessByStdio<null, Readable, null>;

export class TcpStream {
  readonly #receiver: Talker;
  readonly #sender: Talker;

  private constructor(from: Talker, to: Talker) {
    this.#sender = from;
    this.#receiver = to;
  }

  /** Resolves when it is under way. */
  static async start(from: string, to: string, { address, port, intervalMs }: StreamSpec): Promise<TcpStream> {
    const receiving = new Talker(to, receiver, [String(port)]);
    const talkers = [receiving];
    try {
      await receiving.hear('listening');
      const sending = new Talker(from, sender, [address, String(port), String(intervalMs)]);
      talkers.push(sending);
      await sending.hear('connected');
      return new TcpStream(sending, receiving);
    } catch (error) {
      await Promise.all(talkers.map((talker) => talker.end('SIGKILL')));
      throw error;
    }
  }

  /** Closes it from the sender's end, so that everything on its way still comes. */
  async stop(): Promise<StreamResult> {
    const sent = Number((await this.#sender.end('SIGTERM')).at(-1));
    const said = (await this.#receiver.end()).at(-1) ?? '{}';
    return { sent, ...(JSON.parse(said) as Omit<StreamResult, 'sent'>) };
  }

  /** Ends both processes, whatever became of them. */
  async abandon(): Promise<void> {
    await Promise.all([this.#sender.end('SIGKILL'), this.#receiver.end('SIGKILL')]);
  }
}

/** A program in a namespace that prints lines. */
class Talker {
  readonly #child: Child;
  readonly #ended: Promise<unknown>;
  #said = '';

  constructor(netnsPath: string, program: string, argv: string[]) {
    const command = [`--net=${netnsPath}`, process.execPath, '--eval', program, ...argv];
    this.#child = spawn('nsenter', command, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
    this.#ended = once(this.#child, 'close');
  }

  async hear(word: string): Promise<void> {
    while (!this.#said.includes(word)) {
      await Promise.race([once(this.#child.stdout, 'data'), this.#ended]);
      if (this.#child.exitCode !== null) throw new Error(`it ended before it said "${word}": ${this.#said}`);
    }
  }

  /** Everything that it said, once it has ended; by itself, or by the signal. */
  async end(signal?: NodeJS.Signals): Promise<string[]> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#ended;
    return this.#said.trim().split('\n');
  }
}
