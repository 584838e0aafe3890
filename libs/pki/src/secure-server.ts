/** An HTTPS server that asks everyone for a certificate and knows who is at the other end; renewed credentials are taken over while it runs. */
import { createServer, type Server } from 'node:https';
import type { RequestListener, ServerOptions } from 'node:http';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type SecureContextOptions } from 'node:tls';
import { constants, type X509Certificate } from 'node:crypto';
import { publicKeyDigest } from './digests.ts';
import type { CredentialSource } from './kept-credentials.ts';
import type { Credentials } from './credentials.ts';
import type { PeerFacts } from './judge-peer.ts';

/** A handshake that takes longer holds a connection for nothing. */
const handshakeTimeoutMs = 10_000;
/** Longer than the time between two renewals of a node: one handshake for all of them. */
const keepAliveTimeoutMs = 72_000;

export interface SecurePeer extends PeerFacts {
  /** Whether the connection was judged by credentials that have been replaced since. */
  isOutdated: boolean;
  /** What it showed, whoever issued it. */
  certificate: X509Certificate | undefined;
}

export class SecureServer {
  readonly #source: CredentialSource;
  readonly #peers = new WeakMap<Socket, { facts: Omit<SecurePeer, 'isOutdated'>; judgedBy: Credentials | undefined }>();
  /** By what the handshakes that are under way judge, by the ports of their connections. */
  readonly #handshakes = new Map<string, Credentials>();

  constructor(source: CredentialSource) {
    this.#source = source;
  }

  /**
   * A server that is not listening yet. It lets anybody speak: who shows no good certificate gets an answer that says so, from the handler,
   * which asks `peerOf` first. `creation` is what can be said of sizes and times only when a server is made.
   */
  serve(handler: RequestListener, creation: ServerOptions = {}): Server {
    const asked = { requestCert: true, rejectUnauthorized: false, handshakeTimeout: handshakeTimeoutMs };
    const server = createServer({ ...creation, ...contextOptions(this.#source.current), ...asked }, handler);
    server.keepAliveTimeout = keepAliveTimeoutMs;
    forgetKeyText(server);
    const stop = this.#source.onChange(() => {
      server.setSecureContext(contextOptions(this.#source.current));
      forgetKeyText(server);
    });
    // ORDER: a handshake judges by the credentials of its beginning, also when they are replaced before its end.
    server.on('connection', (socket: Socket) => {
      const ports = portsOf(socket);
      this.#handshakes.set(ports, this.#source.current);
      socket.once('close', () => this.#handshakes.delete(ports));
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      const judgedBy = this.#handshakes.get(portsOf(socket));
      this.#peers.set(socket, { facts: factsOf(socket), judgedBy });
    });
    server.once('close', stop);
    return server;
  }

  /** PEM of the authorities that callers are judged by now. */
  get authorities(): string {
    return this.#source.current.ca;
  }

  /** Who is at the other end of a connection of this server. */
  peerOf(socket: Socket): SecurePeer | undefined {
    const known = this.#peers.get(socket);
    return known === undefined ? undefined : { ...known.facts, isOutdated: known.judgedBy !== this.#source.current };
  }
}

/** What one connection of this moment has for itself. */
function portsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(' ');
}

/** No tickets: a resumed session would carry yesterday's judgement of a certificate. */
function contextOptions({ cert, key, ca }: Credentials): SecureContextOptions {
  return { cert, key: key.reveal(), ca, minVersion: 'TLSv1.3', secureOptions: constants.SSL_OP_NO_TICKET };
}

/** Node keeps the text beside the context that was made of it, where an inspection would show it. */
function forgetKeyText(server: Server): void {
  Object.assign(server, { key: undefined });
}

function factsOf(socket: TLSSocket): Omit<SecurePeer, 'isOutdated'> {
  const certificate = socket.getPeerX509Certificate();
  return {
    isTrusted: socket.authorized,
    distrust: certificate === undefined ? undefined : String(socket.authorizationError),
    subjectAltName: certificate?.subjectAltName,
    validToMs: certificate === undefined ? 0 : Date.parse(certificate.validTo),
    keyDigest: certificate === undefined ? undefined : publicKeyDigest(certificate.publicKey),
    certificate,
  };
}
