/** Watches the tunnels to the other nodes: who was heard is well, the others are asked inside the tunnel, and what is broken is repaired. */
import type { NodeStatus } from '@wgcni/api';
import type { EventRing } from '@wgcni/api/server';
import { CatalogueError, type Clock, type Log, messageOf, type Random } from '@wgcni/base';
import type { PublicKey } from '@wgcni/wg';
import type { MeshLook } from '../mesh/mesh-look.ts';
import { fewEvents } from '../repair/few-events.ts';
import type { ClusterView } from '../view/cluster-view.ts';
import { type Broken, type ExplainDeps, explainTunnels, unexplained } from './explain-tunnels.ts';
import type { Handshakes } from './known-handshakes.ts';
import {
  type Answer,
  answered,
  heard,
  isForgotten,
  isRepairDue,
  repaired,
  seenFirst,
  type Tunnel,
  unasked,
} from './tunnel.ts';
import { type NewsOf, tunnelHappening } from './tunnel-happening.ts';
import type { TunnelProbe } from './tunnel-probe.ts';
import { tunnelNodes, type TunnelTarget, tunnelTargets } from './tunnel-targets.ts';
import { type AskedLast, type Quiet, whoToAsk } from './who-to-ask.ts';

export interface TunnelKeeperDeps extends ExplainDeps {
  probe: TunnelProbe;
  view: () => Pick<ClusterView, 'nodes' | 'grants'>;
  look: Pick<MeshLook, 'within' | 'take'>;
  /** Writes these peers anew, each with its next endpoint, soon. */
  renew: (keys: readonly PublicKey[]) => void;
  events: Pick<EventRing, 'tell'>;
  clock: Clock;
  random: Random;
  log: Log;
}

/**
 * A look each 2 to 3 seconds; who is not heard between two is asked. What breaks just after it was heard is found by the second look, which takes two
 * seconds more: within 8 s, and within 15 on a machine that is busy.
 */
const turn = { leastMs: 2_000, mostMs: 3_000 };
/** Each may be asked twice, a hundred questions a second. */
const mostAsked = 150;
const perAskedMs = 20;
const freshMs = 500;

export class TunnelKeeper {
  readonly #deps: TunnelKeeperDeps;
  readonly #tunnels = new Map<string, Tunnel>();
  #last: AskedLast = { broken: '', others: '' };
  #problem: string | null = null;
  #turnSec = 0;

  constructor(deps: TunnelKeeperDeps) {
    this.#deps = deps;
  }

  /** The tunnels in the order of the nodes' ids. */
  get tunnels(): NodeStatus['tunnels'] {
    const nowMs = this.#deps.clock.monotonicMs();
    return [...this.#tunnels]
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([peer, { state, sinceMs, cause, attempts, isAlarm }]) => {
        return { peer, state, sinceSec: Math.round((nowMs - sinceMs) / 1_000), cause, attempts, isAlarm };
      });
  }

  /** The last handshake with each node that had one, whatever became of its peer since. */
  get handshakes(): Handshakes {
    const known = [...this.#tunnels].map(([nodeId, { handshakeAt }]): [string, number] => [nodeId, handshakeAt]);
    return new Map(known.filter(([, handshakeAt]) => handshakeAt > 0));
  }

  /** Why nobody can be asked. */
  get problem(): string | null {
    return this.#problem;
  }

  /** How long it takes until each quiet one was asked, in seconds. */
  get turnSec(): number {
    return this.#turnSec;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, log } = this.#deps;
    for (;;) {
      await clock.sleep(turn.leastMs + (turn.mostMs - turn.leastMs) * random.unit(), signal);
      try {
        await this.look();
        this.#problem = null;
      } catch (error) {
        const remedy = error instanceof CatalogueError ? error.remedy : undefined;
        const problem = [messageOf(error), remedy].filter((text) => text !== undefined).join(': ');
        if (problem !== this.#problem) log.warn({ why: problem }, 'tunnel.unasked');
        this.#problem = problem;
      }
    }
  }

  /** One turn. Throws what the probe throws; who could not be asked is unknown then. */
  async look(): Promise<void> {
    const { look, view, clock } = this.#deps;
    const device = await look.within(freshMs);
    const known = view();
    const targets = tunnelTargets(known, device?.peers ?? []);
    const { quiet, news: ofHeard } = this.#hear(targets);
    this.#forgetAllBut(tunnelNodes(known).map(({ nodeId }) => nodeId));
    // Without a device there is something else to repair first.
    if (device === undefined) return;
    // What is known is told, whatever becomes of the questions.
    this.#tell(ofHeard, clock.monotonicMs());
    const { asked, last, turns } = whoToAsk(quiet, this.#last, mostAsked);
    this.#last = last;
    this.#turnSec = Math.round((turns * (turn.mostMs + asked.length * perAskedMs)) / 1_000);
    const byId = new Map(targets.map((target) => [target.nodeId, target]));
    const askedTargets = asked.flatMap((nodeId) => byId.get(nodeId) ?? []);
    const alive = await this.#ask(askedTargets);
    const { answers, news: ofMute } = await this.#otherwise(askedTargets.filter(({ address }) => !alive.has(address)));
    const judged = askedTargets.flatMap(({ nodeId, address }) => {
      const answer = alive.has(address) ? 'echo' : answers.get(nodeId);
      return answer === undefined ? [] : this.#judge(nodeId, answer);
    });
    const nowMs = clock.monotonicMs();
    // Only who has just not answered: of any other it may be well since it was asked last.
    const due = askedTargets.filter(({ nodeId }) => isRepairDue(this.#of(nodeId, nowMs), nowMs));
    await this.#explain(due);
    this.#tell([...ofMute, ...judged], nowMs);
    this.#repair(due, nowMs);
  }

  /** Of a node that holds no subnet any more, or whose peer the device has lacked for long, no tunnel is told. */
  #forgetAllBut(nodeIds: readonly string[]): void {
    const [present, nowMs] = [new Set(nodeIds), this.#deps.clock.monotonicMs()];
    for (const [nodeId, tunnel] of this.#tunnels)
      if (!present.has(nodeId) || isForgotten(tunnel, nowMs)) this.#tunnels.delete(nodeId);
  }

  /** Who is to be asked, since it was not heard since the last look or is broken; who was heard; and what is to be told of these. */
  #hear(targets: readonly TunnelTarget[]): { quiet: Quiet[]; spoken: Set<string>; news: NewsOf[] } {
    const nowMs = this.#deps.clock.monotonicMs();
    const found = { quiet: [] as Quiet[], spoken: new Set<string>(), news: [] as NewsOf[] };
    for (const target of targets) {
      const { nodeId } = target;
      const before = this.#tunnels.get(nodeId);
      const first = { tunnel: seenFirst(target, nowMs), isQuiet: true, news: undefined };
      const { tunnel, isQuiet, news } = before === undefined ? first : heard(before, target, nowMs);
      this.#tunnels.set(nodeId, tunnel);
      const isBroken = tunnel.state === 'broken';
      if (isQuiet || isBroken) found.quiet.push({ nodeId, isBroken });
      if (!isQuiet) found.spoken.add(nodeId);
      if (before !== undefined && news !== undefined) found.news.push({ nodeId, news, before });
    }
    return found;
  }

  /** Whether something else came of those that answered no echo; of whom the device lacks now, nothing is said. */
  async #otherwise(silent: readonly TunnelTarget[]): Promise<{ answers: Map<string, Answer>; news: NewsOf[] }> {
    if (silent.length === 0) return { answers: new Map(), news: [] };
    const { look, view } = this.#deps;
    const ids = new Set(silent.map(({ nodeId }) => nodeId));
    const peers = (await look.take())?.peers ?? [];
    const targets = tunnelTargets(view(), peers).filter(({ nodeId }) => ids.has(nodeId));
    const { spoken, news } = this.#hear(targets);
    return { answers: new Map(targets.map(({ nodeId }) => [nodeId, spoken.has(nodeId) ? 'bytes' : 'nothing'])), news };
  }

  async #ask(targets: readonly TunnelTarget[]): Promise<ReadonlySet<string>> {
    try {
      return await this.#deps.probe.alive(targets.map(({ address }) => address));
    } catch (error) {
      const nowMs = this.#deps.clock.monotonicMs();
      for (const { nodeId } of targets) this.#tunnels.set(nodeId, unasked(this.#of(nodeId, nowMs), nowMs));
      throw error;
    }
  }

  #judge(nodeId: string, answer: Answer): NewsOf[] {
    const nowMs = this.#deps.clock.monotonicMs();
    const before = this.#of(nodeId, nowMs);
    const { tunnel, news } = answered(before, answer, nowMs);
    this.#tunnels.set(nodeId, tunnel);
    return news === undefined ? [] : [{ nodeId, news, before }];
  }

  /** Finds out why these are broken; they are told of and repaired whether that can be done or not. */
  async #explain(targets: readonly TunnelTarget[]): Promise<void> {
    const { clock, log } = this.#deps;
    const nowMs = clock.monotonicMs();
    const broken = targets.map(({ nodeId, endpoint, isUnaccounted }): Broken => {
      const { handshakeAt: at } = this.#of(nodeId, nowMs);
      const ageSec = at === 0 ? undefined : Math.max(0, Math.round(clock.wallMs() / 1_000 - at));
      return { nodeId, endpoint, isUnaccounted, handshakeAgeSec: ageSec };
    });
    const causeOf = await explainTunnels(this.#deps, broken).then(
      (causes) => (nodeId: string) => causes.get(nodeId),
      (error: unknown) => {
        log.warn({ why: messageOf(error) }, 'tunnel.unexplained');
        return () => unexplained(error);
      },
    );
    for (const { nodeId } of targets) this.#tunnels.set(nodeId, { ...this.#of(nodeId, nowMs), ...causeOf(nodeId) });
  }

  #tell(news: readonly NewsOf[], nowMs: number): void {
    const happenings = news.map((one) => tunnelHappening(one, this.#of(one.nodeId, nowMs), nowMs));
    for (const happening of fewEvents(happenings)) this.#deps.events.tell(happening);
  }

  #repair(targets: readonly TunnelTarget[], nowMs: number): void {
    if (targets.length === 0) return;
    for (const { nodeId } of targets) this.#tunnels.set(nodeId, repaired(this.#of(nodeId, nowMs), nowMs));
    this.#deps.log.info({ nodes: targets.map(({ nodeId }) => nodeId) }, 'tunnel.repairing');
    this.#deps.renew(targets.map(({ publicKey }) => publicKey));
  }

  #of(nodeId: string, nowMs: number): Tunnel {
    return this.#tunnels.get(nodeId) ?? seenFirst({ receivedBytes: 0, latestHandshakeAt: 0 }, nowMs);
  }
}
