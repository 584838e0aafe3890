/** Listens to the routes of one node's namespace, with the kernel's events stamped as they are read. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { NodePlan } from '@wgcni/testing';
import { parseRouteEvent, type RouteEvent } from './route-event.ts';

export class RouteMonitor {
  readonly nodeId: string;
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #text = '';

  constructor({ id, netnsPath }: Pick<NodePlan, 'id' | 'netnsPath'>) {
    this.nodeId = id;
    // It ends with us, however we end: left over, it would keep the namespace alive.
    const argv = [`--net=${netnsPath}`, 'setpriv', '--pdeathsig', 'KILL', 'ip', '-ts', 'monitor', 'route'];
    const env = { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' };
    this.#child = spawn('nsenter', argv, { stdio: ['ignore', 'pipe', 'inherit'], env });
    this.#ended = once(this.#child, 'close');
    // Read later: while it measures this process has nothing else to do than to hear.
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.#text += text));
  }

  /** What was heard so far. Throws when it has ended by itself: then something went unheard. */
  events(): RouteEvent[] {
    if (this.#child.exitCode !== null) throw new Error(`ip monitor on ${this.nodeId} ended: ${this.#child.exitCode}`);
    return this.#text.split('\n').flatMap((line) => parseRouteEvent(line) ?? []);
  }

  async stop(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#ended;
  }
}
