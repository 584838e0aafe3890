/** Tries the paths to the peers every five minutes and after each change of them, and says which are too small for the network's MTU. */
import { CatalogueError, type Clock, type Log, messageOf, type Random } from '@wgcni/base';
import type { ObservedPeer } from '@wgcni/wg';
import { Pulse } from '../pulse.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { inquire } from './inquire.ts';
import type { PathProbe } from './path-probe.ts';
import { type PathState, type PathTarget, pathTargets, verdictOf } from './path-state.ts';

export interface PathKeeperDeps {
  probe: PathProbe;
  view: () => Pick<ClusterView, 'nodes' | 'network'>;
  /** What the mesh device holds now. */
  peers: () => Promise<readonly ObservedPeer[]>;
  clock: Pick<Clock, 'monotonicMs' | 'sleep'>;
  random: Random;
  log: Log;
}

/** All are tried this often, give or take a tenth: not by all nodes at once. */
const everyMs = 300_000;
/** Changes that come within this time are one, and an endpoint is written before its path is tried. */
const settleMs = 5_000;
/** What an echo request has on top of its data is what a WireGuard packet has on top of its payload but for this many bytes. */
const payloadOverhead = 32;

export class PathKeeper {
  readonly #deps: PathKeeperDeps;
  readonly #pulse = new Pulse();
  #paths: PathState[] = [];
  #problem: string | null = null;

  constructor(deps: PathKeeperDeps) {
    this.#deps = deps;
  }

  /** The paths as they were tried last. */
  get paths(): readonly PathState[] {
    return this.#paths;
  }

  /** Why they could not be tried last. */
  get problem(): string | null {
    return this.#problem;
  }

  /** The peers, their endpoints or the MTU may have changed: what is new is tried soon. */
  trigger(): void {
    this.#pulse.give();
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    let dueAtMs = clock.monotonicMs();
    for (;;) {
      await clock.sleep(settleMs, signal);
      const isDue = clock.monotonicMs() >= dueAtMs;
      if (isDue) dueAtMs = clock.monotonicMs() + everyMs * (0.9 + 0.2 * random.unit());
      await this.look(isDue ? 'all' : 'new');
      await this.#pulse.wait(signal, Math.max(0, dueAtMs - settleMs - clock.monotonicMs()));
    }
  }

  /** Tries all paths, or those that were not tried since they changed; what cannot be tried is told of in `problem`. */
  async look(which: 'all' | 'new'): Promise<void> {
    const { view, peers, log } = this.#deps;
    try {
      const { network, nodes } = view();
      if (network === null) return;
      const targets = pathTargets({ nodes }, await peers());
      const known = new Map(this.#paths.map((path) => [path.nodeId, path]));
      const kept =
        which === 'all' ? [] : targets.flatMap((target) => stillKnown(known.get(target.nodeId), target, network.mtu));
      const keptIds = new Set(kept.map(({ nodeId }) => nodeId));
      const asked = targets.filter(({ nodeId }) => !keptIds.has(nodeId));
      const tried = await this.#try(asked, network.mtu);
      for (const path of tried) this.#tell(path, known.get(path.nodeId));
      this.#paths = [...kept, ...tried].sort((one, other) => (one.nodeId < other.nodeId ? -1 : 1));
      this.#problem = null;
    } catch (error) {
      const remedy = error instanceof CatalogueError ? error.remedy : undefined;
      const problem = [messageOf(error), remedy].filter((text) => text !== undefined).join(': ');
      if (problem !== this.#problem) log.warn({ why: problem }, 'mesh.paths-untried');
      [this.#paths, this.#problem] = [[], problem];
    }
  }

  async #try(targets: readonly PathTarget[], mtu: number): Promise<PathState[]> {
    const addresses = [...new Set(targets.map(({ address }) => address))];
    const found = await inquire(
      (asked, size) => this.#deps.probe.answering(asked, size + payloadOverhead),
      addresses,
      mtu,
    );
    return targets.map(({ nodeId, endpoint, address, overhead }) => {
      const carried = found.get(address) ?? null;
      return { nodeId, endpoint, carries: carried === null ? null : carried + overhead, needs: mtu + overhead };
    });
  }

  /** Logged once for each change. */
  #tell(path: PathState, before: PathState | undefined): void {
    const { log, view } = this.#deps;
    const verdict = verdictOf(path);
    const earlier = before === undefined ? 'fits' : verdictOf(before);
    if (verdict === 'too-small' && JSON.stringify(path) !== JSON.stringify(before)) {
      const mtu = (view().network?.mtu ?? 0) - (path.needs - (path.carries ?? 0));
      const remedy = `raise the MTU of that way to ${path.needs}, or set the network's to ${mtu} (wgcni network set --mtu ${mtu})`;
      log.warn({ ...path, remedy }, 'mesh.path-too-small');
    } else if (verdict === 'fits' && earlier === 'too-small') log.info({ ...path }, 'mesh.path-fits');
  }
}

/** What is known of a path that has not changed since it was tried. */
function stillKnown(path: PathState | undefined, { endpoint, overhead }: PathTarget, mtu: number): PathState[] {
  return path?.endpoint === endpoint && path.needs === mtu + overhead ? [path] : [];
}
