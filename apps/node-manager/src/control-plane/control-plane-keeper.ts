/** Keeps what the host names of the control plane stand for: on disk, so that a start without name service filters as the last run did. */
import { type Clock, type Log, messageOf } from '@wgcni/base';
import { tryParseAddress } from '@wgcni/ipam';
import { Type } from '@sinclair/typebox';
import { join } from 'node:path';
import { readJsonFile, writeJsonFile } from '../json-file.ts';
import { type ControlPlane, controlPlaneOf, hostNamesIn } from './servers.ts';

/** Every address that a host name stands for; throws when there is none, or nobody answers. */
export type ResolveHost = (host: string) => Promise<string[]>;

export interface ControlPlaneDeps {
  /** Of etcd and the cluster-managers, as they are said now. */
  urls: () => readonly string[];
  dataDir: string;
  resolveHost: ResolveHost;
  clock: Pick<Clock, 'sleep'>;
  log: Log;
}

const NamesFile = Type.Object({
  schema: Type.Literal(1),
  names: Type.Record(Type.String(), Type.Array(Type.String())),
});

/** How often names are resolved again, and how long a start waits for one that never was, in milliseconds. */
const periods = { resolve: 60_000, atStart: 2_000 };

export class ControlPlaneKeeper {
  readonly #deps: ControlPlaneDeps;
  readonly #names: Map<string, readonly string[]>;
  readonly #failing = new Set<string>();
  /** Aborts when the next look is due at once. */
  #again = new AbortController();

  private constructor(deps: ControlPlaneDeps, names: Map<string, readonly string[]>) {
    this.#deps = deps;
    this.#names = names;
  }

  /** With what was resolved last; a record that cannot be read is none. */
  static async open(deps: ControlPlaneDeps): Promise<ControlPlaneKeeper> {
    const reading = await readJsonFile(namesPath(deps.dataDir), NamesFile);
    if (reading.kind === 'unreadable') deps.log.warn({ why: reading.why }, 'control-plane.names-unreadable');
    return new ControlPlaneKeeper(deps, new Map(reading.kind === 'read' ? Object.entries(reading.value.names) : []));
  }

  /** As it is known at this instant. */
  get controlPlane(): ControlPlane {
    return controlPlaneOf(this.#deps.urls(), this.#names);
  }

  /** Before the first container: waits for names that never were resolved, but not for long, since everything else may be down. */
  async prepare(): Promise<void> {
    if (this.#hosts().every((host) => this.#names.has(host))) return;
    const ended = new AbortController();
    const late = this.#deps.clock.sleep(periods.atStart, ended.signal).catch(() => undefined);
    await Promise.race([this.resolve(), late]);
    ended.abort();
  }

  /** Resolves all names once; what cannot be resolved stays as it was. Answers whether one stands for something else now. */
  async resolve(): Promise<boolean> {
    let hasChanged = false;
    // ORDER: one after the other. Each takes a thread of the few that files are read and written with, until a name service that is down gives up.
    for (const host of this.#hosts()) hasChanged = (await this.#resolveOne(host)) || hasChanged;
    if (hasChanged) await this.#store();
    return hasChanged;
  }

  /** Looks at the names until the signal aborts, and tells of each change. */
  async run(signal: AbortSignal, changed: () => void): Promise<void> {
    for (;;) {
      this.#again = new AbortController();
      if (await this.resolve()) changed();
      await this.#deps.clock
        .sleep(periods.resolve, AbortSignal.any([signal, this.#again.signal]))
        .catch(() => signal.throwIfAborted());
    }
  }

  /** Other URLs are said: their names are resolved at once. */
  lookAgain(): void {
    this.#again.abort();
  }

  #hosts(): readonly string[] {
    return hostNamesIn(this.#deps.urls());
  }

  async #resolveOne(host: string): Promise<boolean> {
    const { resolveHost, log } = this.#deps;
    try {
      const found = (await resolveHost(host)).filter((text) => tryParseAddress(text) !== undefined).sort();
      if (found.length === 0) throw new Error(`no address of it can be filtered`);
      this.#failing.delete(host);
      if (this.#names.get(host)?.join() === found.join()) return false;
      this.#names.set(host, found);
      log.info({ host, addresses: found }, 'control-plane.resolved');
      return true;
    } catch (error) {
      if (!this.#failing.has(host)) log.warn({ host, why: messageOf(error) }, 'control-plane.unresolved');
      this.#failing.add(host);
      return false;
    }
  }

  /** A disk that takes nothing costs the next start its memory, not this one its filter. */
  async #store(): Promise<void> {
    const hosts = this.#hosts();
    const names = Object.fromEntries([...this.#names].filter(([host]) => hosts.includes(host)));
    await writeJsonFile(namesPath(this.#deps.dataDir), { schema: 1, names }).catch((error: unknown) =>
      this.#deps.log.warn({ why: messageOf(error) }, 'control-plane.names-not-stored'),
    );
  }
}

function namesPath(dataDir: string): string {
  return join(dataDir, 'control-plane.json');
}
