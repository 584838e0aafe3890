/** The PathProbe and TunnelProbe ports on `fping`: one process asks all addresses, of both families. */
import { CatalogueError } from '@wgcni/base';
import { Processes } from '@wgcni/iproute';
import type { TunnelProbe } from '../tunnels/tunnel-probe.ts';
import type { PathProbe } from './path-probe.ts';

/** Two requests each; milliseconds between them, and until an answer counts as lost. */
const [requests, periodMs, timeoutMs] = [2, 500, 1_000];
/** Milliseconds between requests to different addresses: 5,000 of them take five seconds. */
const intervalMs = 1;
/** What `fping` takes at most. */
const mostPayload = 65_487;

/** Milliseconds between any two questions in tunnels: a hundred a second. */
const gentleIntervalMs = 10;
/** Its status when some address is silent, and when it could not be used at all. */
const [someSilent, unusable] = [1, 3];

export class Fping implements PathProbe, TunnelProbe {
  readonly #processes: Processes;

  /** In the namespace of this process, or in another. */
  constructor(options: { ownNetns?: string } = {}) {
    this.#processes = new Processes(options.ownNetns);
  }

  async answering(addresses: readonly string[], payload: number): Promise<ReadonlySet<string>> {
    if (addresses.length === 0) return new Set();
    const size = ['-b', String(Math.min(payload, mostPayload))];
    const times = ['-C', String(requests), '-p', String(periodMs), '-t', String(timeoutMs), '-i', String(intervalMs)];
    const argv = ['fping', '-q', '-M', ...size, ...times, '-f', '-'];
    const { stderr } = await this.#processes.run({ argv, input: `${addresses.join('\n')}\n` });
    const answers = parseAnswers(stderr);
    // Its status tells of addresses that are silent and of requests that it cannot send alike.
    if (answers.size > 0)
      return new Set([...answers].flatMap(([address, hasAnswered]) => (hasAnswered ? address : [])));
    throw refused(stderr);
  }

  async alive(addresses: readonly string[]): Promise<ReadonlySet<string>> {
    if (addresses.length === 0) return new Set();
    // Whoever answers the first question is not asked again.
    const times = ['-r', '1', '-B', '1', '-t', String(timeoutMs), '-i', String(gentleIntervalMs)];
    const argv = ['fping', '-a', ...times, '-f', '-'];
    const { status, stdout, stderr } = await this.#processes.run({ argv, input: `${addresses.join('\n')}\n` });
    if (status < 0 || status >= unusable || (status > someSilent && stdout === '')) throw refused(stderr);
    return new Set(stdout.split('\n').filter((line) => line !== ''));
  }
}

/** Lines such as `192.0.2.1 : 0.04 -`, one for each address, among what it says of single requests. */
export function parseAnswers(text: string): Map<string, boolean> {
  const lines = text.matchAll(/^(\S+)\s+:((?: (?:-|[0-9.]+))+)$/gm);
  return new Map([...lines].map(([, address = '', times = '']) => [address, /[0-9]/.test(times)]));
}

function refused(stderr: string): CatalogueError {
  return new CatalogueError('io.failed', `"fping" could not be used: ${stderr.trim()}`, {
    remedy: 'run it by hand as the node-manager does; it needs CAP_NET_RAW',
  });
}
