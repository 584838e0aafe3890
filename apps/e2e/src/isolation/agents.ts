/** One long-lived prober and server in each of several namespaces. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

export interface Probe {
  protocol: 'tcp' | 'udp' | 'icmp';
  address: string;
  port: number;
  /** How long an answer may take. */
  patienceMs: number;
}

/** `hold` opens a connection and keeps it; `speakMs`: whether what is sent on it comes back within that time. */
export type Order = { probes: Probe[] } | { hold: Probe } | { speakMs: number };

type Child = ChildProcessByStdio<Writable, Readable, null>;

export class Agent {
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: Child) {
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  /** Resolves once it listens. */
  static async start(netnsPath: string): Promise<Agent> {
    const script = join(import.meta.dirname, 'agent.ts');
    const argv = [`--net=${netnsPath}`, process.execPath, '--import', 'tsx', script];
    const agent = new Agent(spawn('nsenter', argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
    await agent.#answer();
    return agent;
  }

  /** What became of each probe, in their order; one order at a time. */
  ask(order: Order): Promise<boolean[]> {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
    return this.#answer();
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  async #answer(): Promise<boolean[]> {
    const line = await this.#lines.next();
    if (line.done === true) throw new Error('the agent has ended');
    return JSON.parse(line.value) as boolean[];
  }
}
