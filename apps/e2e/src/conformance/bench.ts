/** The hands of one case: containers that are removed afterwards, calls, and the comparison of the host before and after. */
import { randomBytes } from 'node:crypto';
import { addNetns, removeNetns } from '@wgcni/testing';
import { difference, hostState } from './host-state.ts';
import { inParallel } from './in-parallel.ts';
import { callPlugin, type PluginAnswer, type verbs } from './plugin-call.ts';
import { errorIn, type CniError } from './proper-answer.ts';
import type { ResultLists } from './result-shape.ts';
import type { Subject } from './subject.ts';

export interface Container {
  id: string;
  netns: string;
  netnsPath: string;
}

export type Verb = (typeof verbs)[number];

export interface CallOptions {
  ifName?: string;
  /** Fields over the configuration; one that is undefined is left out. */
  config?: Record<string, unknown>;
  /** In place of the whole configuration. */
  stdin?: string;
  /** Variables over the usual ones; one that is undefined is left out. */
  env?: Record<string, string | undefined>;
  killAfterMs?: number;
}

/** An error object, and how long its call took. */
export interface Refusal extends CniError {
  durationMs: number;
}

/** A code of the specification, or one that only our catalogue has for this. */
export type Code = number | { ours: number };

/** The version that a case speaks when it does not matter. */
const usualVersion = '1.0.0';

const clearWorkers = 4;

export class Bench {
  readonly subject: Subject;
  readonly #used = new Map<string, { container: Container; ifName: string }>();
  readonly #netns = new Set<string>();

  constructor(subject: Subject) {
    this.subject = subject;
  }

  /** An empty namespace with an id, as a runtime makes it. */
  async container(): Promise<Container> {
    const id = `c${randomBytes(6).toString('hex')}`;
    const netns = `wgcni-${id}`;
    await this.makeNetns(netns);
    return { id, netns, netnsPath: `/run/netns/${netns}` };
  }

  async makeNetns(netns: string): Promise<void> {
    this.#netns.add(netns);
    await addNetns(netns);
  }

  async call(verb: Verb, container?: Container, options: CallOptions = {}): Promise<PluginAnswer> {
    const { ifName = 'eth0', config, stdin, env, killAfterMs } = options;
    if (verb === 'ADD' && container !== undefined) this.#used.set(`${container.id}/${ifName}`, { container, ifName });
    const variables = {
      CNI_COMMAND: verb,
      CNI_PATH: this.subject.cniPath,
      ...(container === undefined
        ? {}
        : { CNI_CONTAINERID: container.id, CNI_NETNS: container.netnsPath, CNI_IFNAME: ifName }),
      ...env,
    };
    return callPlugin({
      plugin: this.subject.plugin,
      netnsPath: this.subject.netnsPath,
      stdin: stdin ?? JSON.stringify({ cniVersion: usualVersion, ...this.subject.config, ...config }),
      variables: defined(variables),
      ...(killAfterMs === undefined ? {} : { killAfterMs }),
    });
  }

  /** ADD, which must succeed. */
  async add(container: Container, options: CallOptions = {}): Promise<ResultLists> {
    const answer = await this.call('ADD', container, options);
    if (answer.exitCode !== 0) throw new Error(`ADD failed: ${answer.stdout}${answer.stderr}`);
    return JSON.parse(answer.stdout) as ResultLists;
  }

  /** DEL, CHECK, GC or STATUS, which must succeed and say nothing on stdout. */
  async succeed(verb: Verb, container?: Container, options: CallOptions = {}): Promise<PluginAnswer> {
    const answer = await this.call(verb, container, options);
    if (answer.exitCode !== 0) throw new Error(`${verb} failed: ${answer.stdout}${answer.stderr}`);
    if (verb === 'DEL' && container !== undefined) this.#used.delete(`${container.id}/${options.ifName ?? 'eth0'}`);
    if (answer.stdout !== '') throw new Error(`${verb} succeeded, but printed ${answer.stdout}`);
    return answer;
  }

  /** A refusal with that code (where the specification names none, ours alone is asked for it), naming each of `names`, with the host as it was before. */
  async refuse(
    verb: Verb,
    code: Code,
    names: readonly string[],
    [container, options]: [Container | undefined, CallOptions?] = [undefined],
  ): Promise<Refusal> {
    const before = await this.state();
    const answer = await this.call(verb, container, options ?? {});
    const error = this.errorOf(answer, code, names);
    const changed = difference(before, await this.state());
    if (changed.length > 0) throw new Error(`the refusal changed the host: ${changed.join('; ')}`);
    return { ...error, durationMs: answer.durationMs };
  }

  /**
   * The error object of an answer, which must have that code, name those values and, when it is ours, say what to do. Only for what may change
   * the host meanwhile: whatever fails must leave it as it was, which `refuse` compares.
   */
  errorOf({ exitCode, stdout }: PluginAnswer, code: Code, names: readonly string[] = []): CniError {
    if (exitCode === 0) throw new Error(`it succeeded, where an error is due: ${stdout}`);
    const error = errorIn(stdout);
    const isAsked = this.subject.isOurs || typeof code === 'number';
    const due = typeof code === 'number' ? code : code.ours;
    if (isAsked && error.code !== due) throw new Error(`code ${error.code} instead of ${due}: ${stdout}`);
    if (this.subject.isOurs && !/\S/.test(error.details ?? ''))
      throw new Error(`no details that say what to do: ${stdout}`);
    const text = `${error.msg} ${error.details ?? ''}`;
    const unnamed = this.subject.isOurs ? names.filter((name) => !text.includes(name)) : [];
    if (unnamed.length > 0) throw new Error(`the message does not name ${unnamed.join(', ')}: ${text}`);
    return error;
  }

  /** Links, addresses, routes, rules, peers and allocations of the host, and what is in the namespaces of this case. */
  async state(): Promise<string[]> {
    const { subject } = this;
    const inside = [...this.#netns].map(async (netns) =>
      (await hostState(`/run/netns/${netns}`)).map((line) => `${netns}: ${line}`),
    );
    const parts = [hostState(subject.netnsPath), subject.holdings(), ...inside];
    return (await Promise.all(parts)).flat();
  }

  /** Forgets a namespace that the case removes. */
  async removeNetns(netns: string): Promise<void> {
    await removeNetns(netns);
    this.#netns.delete(netns);
  }

  /** Deletes every container that the case added, and its namespaces. */
  async clear(): Promise<void> {
    await inParallel(clearWorkers, [...this.#used.values()], async ({ container, ifName }) => {
      const { exitCode, stdout } = await this.call('DEL', container, { ifName });
      if (exitCode !== 0) throw new Error(`the DEL after the case failed: ${stdout}`);
    });
    await inParallel(clearWorkers, [...this.#netns], (netns) => this.removeNetns(netns));
    this.#used.clear();
  }
}

function defined(variables: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}
