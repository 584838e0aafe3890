/** By which of our servers a connection came: one that only root reaches is trusted, any other is asked for a certificate. */
import type { Clock } from '@wgcni/base';
import { type CredentialSource, SecureServer } from '@wgcni/pki';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export class Entrances {
  /** Those who are let in with a certificate are of this cluster. */
  readonly cluster: string;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Serves over TLS; undefined without credentials. */
  readonly secure: SecureServer | undefined;
  readonly #trusted = new WeakSet<Socket>();

  constructor(cluster: string, clock: Pick<Clock, 'wallMs'>, credentials: CredentialSource | undefined) {
    this.cluster = cluster;
    this.clock = clock;
    this.secure = credentials === undefined ? undefined : new SecureServer(credentials);
  }

  /** From now on, whoever connects to this server may do everything: to reach it is what proves who they are. */
  trust(server: Server): void {
    server.on('connection', (socket: Socket) => this.#trusted.add(socket));
  }

  isTrusted(socket: Socket): boolean {
    return this.#trusted.has(socket);
  }
}
