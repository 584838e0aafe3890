/** How many requests one client may make: a bucket of tokens for each, filled at a steady rate; what is asked beyond it is 429. */
import { CatalogueError, type Clock } from '@wgcni/base';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** May change while the server runs; a change counts from the next request. */
export interface Rate {
  /** Requests a second that a client may go on making; 0: as many as it likes. */
  ratePerSec: number;
  /** Requests that it may make at once after a pause. */
  rateBurst: number;
}

export interface RateLimit {
  rate: Readonly<Rate>;
  /** Whose bucket a request is taken from; `share` of several lets a client that speaks for others have as many times more. */
  clientOf: (request: FastifyRequest) => { client: string; share?: number };
  clock: Pick<Clock, 'monotonicMs'>;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Buckets that are full again are forgotten once there are more than this. */
const mostBuckets = 10_000;

export class TokenBuckets {
  readonly #rate: Readonly<Rate>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #buckets = new Map<string, Bucket>();
  #sweepAbove = mostBuckets;

  constructor({ rate, clock }: Pick<RateLimit, 'rate' | 'clock'>) {
    this.#rate = rate;
    this.#clock = clock;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Takes a token; undefined when there was one, else after how many seconds there will be. */
  take(client: string, share = 1): number | undefined {
    const { ratePerSec, rateBurst } = this.#rate;
    if (ratePerSec === 0) return undefined;
    const now = this.#clock.monotonicMs();
    const [rate, burst] = [ratePerSec * share, rateBurst * share];
    const bucket = this.#buckets.get(client) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * rate);
    bucket.at = now;
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > this.#sweepAbove) this.#sweep(now);
    if (bucket.tokens < 1) return (1 - bucket.tokens) / rate;
    bucket.tokens -= 1;
    return undefined;
  }

  /** Whoever has a full bucket again is as good as new. */
  #sweep(now: number): void {
    const { ratePerSec, rateBurst } = this.#rate;
    const fullMs = (rateBurst / ratePerSec) * 1_000;
    for (const [client, { at }] of this.#buckets) if (now - at >= fullMs) this.#buckets.delete(client);
    // Of many who are all busy none can be forgotten: they are not looked through again at each request.
    this.#sweepAbove = Math.max(mostBuckets, this.#buckets.size * 2);
  }
}

/** Refuses, before its body is read, each request that finds its client's bucket empty: 429 with Retry-After. */
export function limitRate(app: FastifyInstance, limit: RateLimit): void {
  const buckets = new TokenBuckets(limit);
  app.addHook('onRequest', async (request, reply) => {
    const { client, share } = limit.clientOf(request);
    const waitSec = buckets.take(client, share);
    if (waitSec === undefined) return;
    const seconds = Math.max(1, Math.ceil(waitSec));
    void reply.header('retry-after', String(seconds));
    throw new CatalogueError('request.too-many', `${client} asks more than ${limit.rate.ratePerSec} times a second`, {
      field: 'request',
      remedy: `wait ${seconds} s, and ask less often`,
    });
  });
}
