/** Which of a peer's endpoints was written last and since when, so that WireGuard's own roaming is left alone (design §5, reconcile). */
import type { Clock } from '@wgcni/base';
import type { Family } from '@wgcni/ipam';
import { chooseEndpoint, type ObservedPeer, type Peer, type PublicKey } from '@wgcni/wg';

/** A session with a handshake younger than this works: WireGuard renews it every 120 s, and takes up to 25 s more when idle. */
const livelyMs = 150_000;

interface Trial {
  endpoint: string;
  sinceMs: number;
  /** Nothing comes through the tunnel, whatever its handshakes say. */
  isGivenUp?: boolean;
}

export class EndpointTrials {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  readonly #trials = new Map<PublicKey, Trial>();

  constructor(clock: Pick<Clock, 'monotonicMs' | 'wallMs'>) {
    this.#clock = clock;
  }

  /** The endpoint to dial: the one in use while it works or has not been tried for long, else the next. */
  choose(
    published: readonly string[],
    routable: ReadonlySet<Family>,
    seen: ObservedPeer | undefined,
    key: PublicKey,
  ): string | undefined {
    const trial = this.#trials.get(key) ?? this.#seed(published, seen, key);
    const current = trial === undefined || !published.includes(trial.endpoint) ? undefined : trial.endpoint;
    return chooseEndpoint(published, routable, { current, withoutHandshakeMs: this.#withoutHandshakeMs(trial, seen) });
  }

  /** The endpoint last written for each peer. */
  written(): Map<PublicKey, string> {
    return new Map([...this.#trials].map(([key, { endpoint }]) => [key, endpoint]));
  }

  /** These are the peers now, with the endpoints that were written for them. Nothing is kept of any other: one that comes back is tried anew. */
  noteConfigured(peers: readonly Pick<Peer, 'publicKey' | 'endpoint'>[]): void {
    const present = new Set(peers.map(({ publicKey }) => publicKey));
    for (const key of [...this.#trials.keys()]) if (!present.has(key)) this.#trials.delete(key);
    for (const { publicKey, endpoint } of peers) if (endpoint !== undefined) this.#note(publicKey, endpoint);
  }

  /** The next endpoint is to be taken, where there are several: nothing comes through by this one. */
  giveUp(key: PublicKey): void {
    const trial = this.#trials.get(key);
    if (trial !== undefined) this.#trials.set(key, { ...trial, isGivenUp: true });
  }

  /** The device was made anew: what was written is gone. */
  clear(): void {
    this.#trials.clear();
  }

  /** After a restart: a peer whose session works was written what is published, wherever it has roamed since. */
  #seed(published: readonly string[], seen: ObservedPeer | undefined, key: PublicKey): Trial | undefined {
    const endpoint = published.find((text) => text === seen?.endpoint) ?? published[0];
    if (seen?.endpoint === undefined || endpoint === undefined) return undefined;
    if (endpoint !== seen.endpoint && !this.#isLively(seen)) return undefined;
    this.#note(key, endpoint);
    return this.#trials.get(key);
  }

  /** `endpoint` was written for the peer, or found to be what it has. */
  #note(key: PublicKey, endpoint: string): void {
    const trial = this.#trials.get(key);
    if (trial?.endpoint === endpoint && trial.isGivenUp !== true) return;
    this.#trials.set(key, { endpoint, sinceMs: this.#clock.monotonicMs() });
  }

  #withoutHandshakeMs(trial: Trial | undefined, seen: ObservedPeer | undefined): number {
    if (trial?.isGivenUp === true) return Infinity;
    if (seen !== undefined && this.#isLively(seen)) return 0;
    return trial === undefined ? 0 : this.#clock.monotonicMs() - trial.sinceMs;
  }

  #isLively({ latestHandshakeAt }: ObservedPeer): boolean {
    return latestHandshakeAt > 0 && this.#clock.wallMs() - latestHandshakeAt * 1_000 < livelyMs;
  }
}
