/** The IpRoute port on iproute2's `ip`: one process reads everything, one process applies a batch. */
import { setTimeout } from 'node:timers/promises';
import { changeLine } from '../kernel/change-line.ts';
import { refused, unreadable } from '../kernel/failures.ts';
import { isSatisfied } from '../kernel/satisfied.ts';
import type { IpRoute, KernelChange, KernelState, NetnsPath } from '../port.ts';
import { identifyNetns } from './identify.ts';
import { IpSession } from './ip-session.ts';
import { monitorChanges } from './monitor.ts';
import { isOnlyOf } from './monitor-line.ts';
import { parseState } from './parse-state.ts';
import { Processes, type Outcome } from './processes.ts';

/** A look that another change interrupted is taken again after so many milliseconds: thousands of routes are written within that. */
const readAgainMs = [5, 10, 20, 40, 80, 160];

/** Where `ip -batch -` stopped. */
const stopped = /^Command failed -:([0-9]+)$/m;

export interface ExecIpRouteOptions {
  /** A namespace that stands for our own; by default the one this process is in. */
  ownNetns?: string;
  /** Matches a line of `ip monitor` about a link that is here only until it moves on: no change to be told of. */
  passing?: RegExp;
  /** Whether an `ip` is kept for our own namespace, for who looks and writes often. */
  keepsProcess?: boolean;
}

/** Everything about a namespace; addresses first: the session checks the links' names by them. */
const look = ['addr show', 'route show table all'];

export class ExecIpRoute implements IpRoute {
  readonly #processes: Processes;
  readonly #passing: RegExp | undefined;
  readonly #session: IpSession | undefined;

  constructor(options: ExecIpRouteOptions = {}) {
    this.#processes = new Processes(options.ownNetns);
    this.#passing = options.passing;
    this.#session = options.keepsProcess === true ? new IpSession(this.#processes) : undefined;
  }

  async observe(netns: NetnsPath): Promise<KernelState> {
    if (netns !== undefined) await identifyNetns(netns);
    const answer = netns === undefined ? await this.#session?.ask(look, 2) : undefined;
    if (answer !== undefined) {
      const state = parseState(answer.join('\n'));
      if (areOnLinks(state)) return state;
      // It saw that link for the first time in a route, and under a name that the link has no more.
      this.#session?.giveUp();
    }
    let outcome = await this.#read(netns);
    for (const waitMs of readAgainMs) {
      if (!isInterrupted(outcome)) break;
      await setTimeout(waitMs);
      outcome = await this.#read(netns);
    }
    // FENCE: half a look shows addresses and routes as missing, and somebody frees or grants by it.
    if (outcome.status !== 0 || isInterrupted(outcome)) throw unreadable(netns, reasonOf(outcome));
    return parseState(outcome.stdout);
  }

  async apply(changes: readonly KernelChange[], netns: NetnsPath): Promise<void> {
    if (netns !== undefined) await identifyNetns(netns);
    if (netns === undefined && (await this.#isAppliedBySession(changes))) return;
    let rest = changes;
    while (rest.length > 0) {
      const failure = failureOf(await this.#batch(rest, netns));
      if (failure === undefined) return;
      const failed = rest[failure.line - 1];
      const state = await this.observe(netns);
      if (failed === undefined || !isSatisfied(failed, state)) {
        throw refused(failed ?? rest[0] ?? { kind: 'remove-link', name: '?' }, failure.reason);
      }
      rest = stillToDo(rest.slice(failure.line), state);
    }
  }

  async moveLink(name: string, netns: string, to: string): Promise<void> {
    const failed = (reason: string) => refused({ kind: 'rename-link', name, to }, `moving it to ${netns}: ${reason}`);
    // The kernel moves first and renames then: over a name that is taken the link would be stranded there under its old one.
    const { links } = await this.observe(netns);
    if (links.some((link) => link.name === to)) throw failed('File exists');
    const argv = ['ip', 'link', 'set', 'dev', name, 'netns', netns, 'name', to];
    const { status, stderr } = await this.#processes.run({ argv });
    if (status !== 0) throw failed(stderr.trim());
  }

  async identify(netns: string): Promise<string> {
    return identifyNetns(netns);
  }

  changes(signal: AbortSignal, except: readonly string[] = []): AsyncIterable<void> {
    const isNews = (line: string): boolean => this.#passing?.test(line) !== true && !isOnlyOf(line, except);
    const argv = ['ip', '-o', 'monitor', 'link', 'address', 'route'];
    return monitorChanges(this.#processes, signal, { argv, isNews });
  }

  /** False when it is not known whether all was done: every change may be made once more. */
  async #isAppliedBySession(changes: readonly KernelChange[]): Promise<boolean> {
    if (this.#session === undefined || changes.length === 0) return false;
    // `ip` closes no namespace that it named: one that is kept would keep the container's for good.
    if (changes.some(({ kind }) => kind === 'add-veth')) return false;
    // ORDER: links first: `ip` goes on using the number of a link that had the name before.
    const commands = ['link show', ...changes.map(changeLine), 'link show dev lo'];
    return (await this.#session.ask(commands, 2)) !== undefined;
  }

  #read(netns: NetnsPath): Promise<Outcome> {
    const argv = ['ip', '-json', '-details', '-Numeric', '-batch', '-'];
    return this.#processes.run({ argv, netns, input: look.map((line) => `${line}\n`).join('') });
  }

  #batch(changes: readonly KernelChange[], netns: NetnsPath): Promise<Outcome> {
    const input = changes.map((change) => `${changeLine(change)}\n`).join('');
    return this.#processes.run({ argv: ['ip', '-batch', '-'], netns, input });
  }
}

function areOnLinks({ links, routes, policyRoutes }: KernelState): boolean {
  const names = new Set(links.map(({ name }) => name));
  return [...routes, ...policyRoutes].every(({ device }) => device === undefined || names.has(device));
}

/** Whether something changed while the kernel was listing: then an entry can be missing. */
function isInterrupted({ stderr }: Outcome): boolean {
  return stderr.includes('interrupted');
}

/** The line at which `ip -batch -` stopped, counted from 1, and why; undefined when it did everything. */
function failureOf(outcome: Outcome): { line: number; reason: string } | undefined {
  if (outcome.status === 0) return undefined;
  return { line: Number(stopped.exec(outcome.stderr)?.[1] ?? 1), reason: reasonOf(outcome) };
}

/** What `ip` said, without where it stopped. */
function reasonOf({ status, stderr }: Outcome): string {
  const said = stderr.replace(stopped, '').trim();
  return said === '' ? `ip ended with status ${status}` : said;
}

/** When only removals are left, those that the kernel has already forgotten need no process each. */
function stillToDo(changes: readonly KernelChange[], state: KernelState): readonly KernelChange[] {
  const areRemovals = changes.every((change) => change.kind.startsWith('remove-'));
  return areRemovals ? changes.filter((change) => !isSatisfied(change, state)) : changes;
}
