/** The connections of a client: kept for the next call, and made anew when its credentials are. */
import { clientOptions, type CredentialSource } from '@wgcni/pki';
import { Agent, buildConnector } from 'undici';

export interface DialerTimeouts {
  /** Until there is a connection; under TLS its handshake may take as long as an answer, since one that serves many is busy, not gone. */
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
    const plain = buildConnector({ timeout: connectTimeoutMs });
    const shown = this.#credentials === undefined ? undefined : clientOptions(this.#credentials.current);
    const secure = buildConnector({ ...shown, maxCachedSessions: 0, timeout: answerTimeoutMs });
    return new Agent({
      connect: shown === undefined ? plain : overTls(plain, secure),
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

/** A connection first, then the handshake on it, each within its own time. */
function overTls(plain: buildConnector.connector, secure: buildConnector.connector): buildConnector.connector {
  return (options, callback) => {
    plain({ ...options, protocol: 'http:', port: options.port || '443' }, (...[error, socket]) => {
      if (socket === null) callback(error, null);
      else secure({ ...options, httpSocket: socket }, callback);
    });
  };
}
