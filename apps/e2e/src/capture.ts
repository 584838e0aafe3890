/** A packet capture on one interface, and questions to it in tcpdump's own filter language. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

export class Capture {
  readonly #child: ChildProcess;
  readonly #dir: string;

  private constructor(child: ChildProcess, dir: string) {
    this.#child = child;
    this.#dir = dir;
  }

  /** Starts capturing whole frames; resolves when tcpdump listens. */
  static async start(netnsPath: string | undefined, device: string): Promise<Capture> {
    const dir = await mkdtemp(join(tmpdir(), 'wgcni-capture-'));
    const command = [
      'tcpdump',
      '-i',
      device,
      '-s',
      '0',
      '-U',
      '--immediate-mode',
      '-Z',
      'root',
      '-w',
      join(dir, 'pcap'),
    ];
    const argv = netnsPath === undefined ? command : ['nsenter', `--net=${netnsPath}`, ...command];
    const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'ignore', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        if (text.includes('listening on')) resolve();
      });
      child.once('exit', (code) => reject(new Error(`tcpdump on ${device} ended with ${code}`)));
    });
    return new Capture(child, dir);
  }

  /** Ends the capture and reads it back; the files are gone afterwards. */
  async stop(): Promise<CapturedFrames> {
    // tcpdump takes what the kernel has buffered once more before it ends.
    const ended = new Promise((resolve) => this.#child.once('close', resolve));
    await new Promise((resolve) => setTimeout(resolve, 300));
    this.#child.kill('SIGINT');
    await ended;
    const pcap = await readFile(join(this.#dir, 'pcap'));
    await rm(this.#dir, { recursive: true, force: true });
    return new CapturedFrames(pcap);
  }
}

export class CapturedFrames {
  readonly #pcap: Buffer;

  constructor(pcap: Buffer) {
    this.#pcap = pcap;
  }

  /** One line for each frame that the filter selects. */
  async linesOf(filter: string): Promise<string[]> {
    const { stdout } = await execa('tcpdump', ['-n', '-r', '-', filter], { input: this.#pcap });
    return stdout.split('\n').filter((line) => line !== '');
  }

  async countOf(filter: string): Promise<number> {
    return (await this.linesOf(filter)).length;
  }

  /** Whether these bytes stand in any frame. */
  holds(payload: string): boolean {
    return this.#pcap.includes(payload);
  }
}
