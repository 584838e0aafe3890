/** What passes on a link outside: a capture of headers, and the frames of it that a filter selects. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Processes } from '@wgcni/iproute';

/** Headers are enough. */
const snapLength = '96';

export class Outside {
  readonly #child: ChildProcess;
  readonly #file: string;

  private constructor(child: ChildProcess, file: string) {
    this.#child = child;
    this.#file = file;
  }

  /** Resolves when tcpdump listens; what it hears goes to `file`. */
  static async capture(netns: string, device: string, file: string): Promise<Outside> {
    const argv = [`--net=${netns}`, 'tcpdump', '-i', device, '-s', snapLength, '-B', '16384', '-U', '-Z', 'root'];
    const child = spawn('nsenter', [...argv, '-w', file], { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child.stderr?.setEncoding('utf8').on('data', (heard: string) => {
        if (heard.includes('listening on')) resolve();
      });
      child.once('exit', (status) => reject(new Error(`tcpdump on ${device} ended with ${status}`)));
    });
    return new Outside(child, file);
  }

  /** Ends the capture; resolves with who tells the frames that a filter selects, a line each. */
  async stop(): Promise<(filter: string) => Promise<string[]>> {
    // What has passed is with tcpdump after this time.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGINT');
    await ended;
    const file = this.#file;
    return async (filter) => {
      const { status, stdout, stderr } = await new Processes().run({ argv: ['tcpdump', '-n', '-r', file, filter] });
      if (status !== 0) throw new Error(`tcpdump refuses "${filter}": ${stderr}`);
      return stdout.split('\n').filter((line) => line !== '');
    };
  }
}
