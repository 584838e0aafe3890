/** The connections of a client: kept for the next call, and made anew when its credentials are. */
import { clientOptions, type CredentialSource } from '@wgcni/pki';
import { Agent } from 'undici';

export interface DialerTimeouts {
  connectTimeoutMs: number;
  /** Until the head of an answer, and between two parts of it. */
  answerTimeoutMs: number;
}

export class Dialer {
  readonly #timeouts: DialerTimeouts;
  readonly #credentials: CredentialSource | undefined;
  readonly #forget: () => void;
  #agent: Agent;

  /** Dials on the first call; with credentials over TLS, and nobody who is not a manager of their cluster. */
  constructor(timeouts: DialerTimeouts, credentials?: CredentialSource) {
    this.#timeouts = timeouts;
    this.#credentials = credentials;
    this.#agent = this.#open();
    this.#forget = credentials?.onChange(() => this.#renew()) ?? (() => {});
  }

  /** For one call; the next may need another. */
  get agent(): Agent {
    return this.#agent;
  }

  /** Breaks off what is in flight. */
  close(): Promise<void> {
    this.#forget();
    return this.#agent.destroy();
  }

  #open(): Agent {
    const { connectTimeoutMs, answerTimeoutMs } = this.#timeouts;
    const tls =
      this.#credentials === undefined ? {} : { ...clientOptions(this.#credentials.current), maxCachedSessions: 0 };
    return new Agent({
      connect: { ...tls, timeout: connectTimeoutMs },
      headersTimeout: answerTimeoutMs,
      bodyTimeout: answerTimeoutMs,
    });
  }

  /** What is in flight ends on the connections it began on. */
  #renew(): void {
    const before = this.#agent;
    this.#agent = this.#open();
    // Each call that it carries has an end of its own, and tells its caller.
    void before.close().catch(() => undefined);
  }
}
