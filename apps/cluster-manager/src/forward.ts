/** Passes a write on to the leader: once, marked, with the caller's name; an answer that stays away is `outcome.unknown`. */
import { Dialer } from '@wgcni/api';
import { callerHeader, callerKeyHeader, forwardedHeader } from '@wgcni/api/server';
import { CatalogueError, messageOf } from '@wgcni/base';
import type { CredentialSource } from '@wgcni/pki';
import { decodeRecord, LeaderRecord, type StoredKey } from '@wgcni/store';
import { request } from 'undici';
import type { ForwardOutcome } from './metrics/replica-meters.ts';

/** Headers of the leader's answer that the caller is shown. */
const passedOn = ['etag', 'retry-after'];

export interface Forwarded {
  status: number;
  body: string;
  contentType: string;
  headers: Record<string, string>;
}

export interface Passing {
  method: 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  /** Path with query. */
  url: string;
  body: unknown;
  /** The header `If-Match`, where the caller sent it. */
  ifMatch: string | undefined;
  caller: string;
  /** SHA-256 of the key that the caller has shown. */
  callerKey: string | undefined;
}

/** A read that another replica is to answer out of its own memory. */
export interface Asking extends Pick<Passing, 'caller' | 'callerKey'> {
  /** Of the replica, as it advertises itself. */
  url: string;
  /** Path with query. */
  path: string;
}

/** How long another replica may take to answer a read, in milliseconds: who asks is looking at a screen. */
const askTimeoutMs = 2_000;

export class Forwarder {
  readonly #replicaId: string;
  readonly #holder: () => StoredKey | undefined;
  readonly #dialer: Dialer;
  readonly #scheme: 'https:' | 'http:';
  readonly #told: (how: ForwardOutcome) => void;

  /** `holder` is the leader key as last seen; with `credentials` the leader is asked over TLS, as this manager. `told` hears how each request ended. */
  constructor(
    replicaId: string,
    holder: () => StoredKey | undefined,
    credentials?: CredentialSource,
    told: (how: ForwardOutcome) => void = () => {},
  ) {
    this.#told = told;
    this.#dialer = new Dialer({ connectTimeoutMs: 1_000, answerTimeoutMs: 12_000 }, credentials);
    this.#scheme = credentials === undefined ? 'http:' : 'https:';
    this.#replicaId = replicaId;
    this.#holder = holder;
  }

  /** The leader's answer as it is. Throws CatalogueError `leader.absent`, `outcome.unknown`. */
  async pass(passing: Passing): Promise<Forwarded> {
    try {
      const answer = await this.#pass(passing);
      this.#told('answered');
      return answer;
    } catch (error) {
      this.#told(error instanceof CatalogueError && error.code === 'leader.absent' ? 'absent' : 'unknown');
      throw error;
    }
  }

  async #pass({ method, url, body, ifMatch, caller, callerKey }: Passing): Promise<Forwarded> {
    const leader = this.#leader();
    const hasBody = body !== undefined && body !== null;
    try {
      const answer = await request(new URL(url, leader.url), {
        method,
        dispatcher: this.#dialer.agent,
        headers: {
          ...this.#onBehalfOf(caller, callerKey),
          ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
          ...(hasBody ? { 'content-type': 'application/json' } : {}),
        },
        ...(hasBody ? { body: JSON.stringify(body) } : {}),
      });
      const text = await answer.body.text();
      // Of the caller the leader has only a name: whom it does not know is us.
      if (answer.statusCode === 401) throw this.#unknownHere(leader);
      const told = Object.entries(answer.headers).filter((each): each is [string, string] =>
        passedOn.includes(each[0]),
      );
      return {
        status: answer.statusCode,
        body: text,
        contentType: String(answer.headers['content-type'] ?? 'application/json'),
        headers: Object.fromEntries(told),
      };
    } catch (cause) {
      throw cause instanceof CatalogueError ? cause : this.#failure(cause, leader);
    }
  }

  /** What another replica answers to a GET, parsed. Rejects when it does not answer in time, or speaks otherwise than we do. */
  async ask({ url, path, caller, callerKey }: Asking): Promise<{ status: number; json: unknown }> {
    if (new URL(url).protocol !== this.#scheme) throw new Error(`it is advertised as ${url}`);
    const answer = await request(new URL(path, url), {
      dispatcher: this.#dialer.agent,
      headers: this.#onBehalfOf(caller, callerKey),
      signal: AbortSignal.timeout(askTimeoutMs),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, json: text === '' ? undefined : (JSON.parse(text) as unknown) };
  }

  close(): Promise<void> {
    return this.#dialer.close();
  }

  #onBehalfOf(caller: string, callerKey: string | undefined): Record<string, string> {
    return {
      [forwardedHeader]: this.#replicaId,
      [callerHeader]: encodeURIComponent(caller),
      ...(callerKey === undefined ? {} : { [callerKeyHeader]: callerKey }),
    };
  }

  #leader(): LeaderRecord {
    const holder = this.#holder();
    const decoded = holder === undefined ? undefined : decodeRecord(LeaderRecord, holder);
    if (decoded?.kind === 'record' && decoded.record.replicaId !== this.#replicaId)
      return this.#speaksAsWeDo(decoded.record);
    throw new CatalogueError('leader.absent', 'no leader is elected at this moment', {
      remedy: 'try again in a second',
    });
  }

  /** FENCE: what came encrypted is not passed on in the clear, nor under a name that nobody has shown a certificate for. */
  #speaksAsWeDo(leader: LeaderRecord): LeaderRecord {
    if (new URL(leader.url).protocol === this.#scheme) return leader;
    const message = `the leader ${leader.replicaId} is advertised as ${leader.url}, and this replica forwards by ${this.#scheme}//`;
    throw new CatalogueError('leader.absent', message, { remedy: 'give every replica --tls-cert, or none' });
  }

  #unknownHere({ replicaId }: LeaderRecord): CatalogueError {
    const message = `the leader ${replicaId} does not take the certificate of this replica, ${this.#replicaId}`;
    return new CatalogueError('leader.absent', message, {
      remedy: "renew that replica's certificate, or ask the leader itself",
    });
  }

  /** A connection that was refused carried nothing; anything else may have been done. */
  #failure(cause: unknown, { replicaId, url }: LeaderRecord): CatalogueError {
    const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
    if (code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT') {
      return new CatalogueError('leader.absent', `the leader ${replicaId} cannot be reached at ${url}`, {
        remedy: 'try again in a second',
        cause,
      });
    }
    return new CatalogueError('outcome.unknown', `the leader ${replicaId} did not answer: ${messageOf(cause)}`, {
      remedy: 'repeat the request: a repeat is safe',
      cause,
    });
  }
}
