/** Starts short-lived processes without a shell, in our own network namespace or, through nsenter, in another. */
import { spawn, type ChildProcess } from 'node:child_process';
import { CatalogueError } from '@wgcni/base';
import { netnsUnusable } from '../kernel/failures.ts';
import type { NetnsPath } from '../port.ts';

/** No program of ours takes this long; one that does hangs. */
const timeoutMs = 20_000;

/** Which package brings a program, for the remedy when it is missing. */
const packages: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  flock: 'util-linux',
  nft: 'nftables',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  wg: 'wireguard-tools',
  'wireguard-go': 'wireguard-go',
};

export interface Command {
  /** Program and arguments; never a secret, they show in the process list. */
  argv: readonly string[];
  /** What the program reads on its standard input. */
  input?: string;
  /** The namespace to run in; our own when absent. */
  netns?: NetnsPath;
}

export interface Outcome {
  /** Exit status; -1 after a signal. */
  status: number;
  stdout: string;
  stderr: string;
}

export class Processes {
  /** The namespace that stands for our own, or undefined when it is the one this process is in. */
  readonly ownNetns: NetnsPath;

  constructor(ownNetns?: string) {
    this.ownNetns = ownNetns;
  }

  /**
   * Runs a command to its end, whatever its status. Throws CatalogueError `netns.unusable` when the namespace cannot be
   * entered, `config.invalid` when the program is not installed, `timed.out` after 20 s.
   */
  async run(command: Command): Promise<Outcome> {
    const argv = this.argvOf(command);
    const outcome = await collect(argv, command.input ?? '');
    const netns = command.netns ?? this.ownNetns;
    if (netns !== undefined && outcome.status !== 0 && outcome.stderr.startsWith('nsenter:')) {
      throw netnsUnusable(netns, outcome.stderr.trim());
    }
    return outcome;
  }

  /** The words that start `command`: nsenter replaces itself by the program, so the process id stays. */
  argvOf({ argv, netns = this.ownNetns }: Command): readonly string[] {
    return netns === undefined ? argv : ['nsenter', `--net=${netns}`, '--', ...argv];
  }
}

/** The environment of every process we start: no secret, one language for messages, the administrator's directories in PATH. */
export function processEnvironment(): NodeJS.ProcessEnv {
  const path = process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  return { PATH: `${path}:/usr/local/sbin:/usr/sbin:/sbin`, LC_ALL: 'C' };
}

function collect(argv: readonly string[], input: string): Promise<Outcome> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child: ChildProcess = spawn(program, args, { env: processEnvironment(), stdio: ['pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new CatalogueError('timed.out', `"${argv.join(' ')}" did not end within ${timeoutMs} ms`));
    }, timeoutMs);
    const output = { stdout: '', stderr: '' };
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(startFailure(program, error));
    });
    child.on('close', (status) => {
      clearTimeout(timer);
      resolve({ status: status ?? -1, ...output });
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    writeInput(child, input, reject);
  });
}

/** A program that ends before it has read everything is judged by its status, not by the broken pipe. */
function writeInput(child: ChildProcess, input: string, fail: (error: Error) => void): void {
  child.stdin?.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ECONNRESET') fail(error);
  });
  child.stdin?.end(input);
}

/** CatalogueError for a program that could not be started, naming the package that brings it. */
export function startFailure(program: string, cause: NodeJS.ErrnoException): CatalogueError {
  if (cause.code !== 'ENOENT') {
    return new CatalogueError('io.failed', `"${program}" could not be started: ${cause.message}`, { cause });
  }
  return new CatalogueError('config.invalid', `"${program}" is not installed or not in PATH`, {
    remedy: `install the package ${packages[program] ?? program}`,
    cause,
  });
}
