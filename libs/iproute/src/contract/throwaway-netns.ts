/** A network namespace of a random name for one test, with its loopback up. */
import { randomBytes } from 'node:crypto';
import { Processes } from '../exec/processes.ts';

export class ThrowawayNetns {
  readonly name: string;
  readonly path: string;
  readonly #processes = new Processes();
  #isClosed = false;

  constructor(name = `wgcni-test-${randomBytes(6).toString('hex')}`) {
    this.name = name;
    this.path = `/var/run/netns/${this.name}`;
  }

  static async open(): Promise<ThrowawayNetns> {
    const netns = new ThrowawayNetns();
    await netns.#ip('netns', 'add', netns.name);
    await netns.run('ip', 'link', 'set', 'dev', 'lo', 'up');
    return netns;
  }

  /** Runs a command inside and gives its output; throws with its complaint when it fails. */
  async run(...argv: string[]): Promise<string> {
    const { status, stdout, stderr } = await this.#processes.run({ argv, netns: this.path });
    if (status !== 0) throw new Error(`"${argv.join(' ')}" ended with ${status}: ${stderr.trim()}`);
    return stdout;
  }

  /** Removes the name, once; the kernel removes the namespace when no process is in it. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#ip('netns', 'del', this.name);
  }

  async #ip(...words: string[]): Promise<void> {
    const { status, stderr } = await this.#processes.run({ argv: ['ip', ...words] });
    if (status !== 0) throw new Error(`"ip ${words.join(' ')}" ended with ${status}: ${stderr.trim()}`);
  }
}
