/** What one client may take of a server: sizes, times and connections, so that neither a slow nor a greedy one stops others. */
import type { IncomingMessage, Server, ServerOptions as HttpOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { clientOf } from './client-of.ts';
import { answerUnreadable } from './unreadable.ts';

export interface ServerLimits {
  /** Bytes of all headers of one request. */
  headerBytes: number;
  /** How long the headers of a request may take to arrive, also of the first after a connection was made, in milliseconds. */
  headersMs: number;
  /** How long a whole request may take to arrive. */
  requestMs: number;
  /** How long a connection may wait for its next request. */
  keepAliveMs: number;
  /** How long nothing may pass on a connection while an answer is made or written: longer than any answer takes. */
  idleMs: number;
  /** Requests that may be sent on one connection before the first of them is answered. */
  pipelined: number;
  /** This and the next may change while the server runs: a change counts from the next connection but one. */
  readonly connections: number;
  /** Of one address; a unix socket has none, and is not limited by it. */
  readonly connectionsPerClient: number;
}

/** Generous: each node has one or two connections to a cluster-manager, and keeps them open. */
export const usualLimits: ServerLimits = {
  headerBytes: 16 * 1_024,
  headersMs: 10_000,
  requestMs: 30_000,
  keepAliveMs: 72_000,
  idleMs: 60_000,
  pipelined: 4,
  connections: 10_000,
  connectionsPerClient: 1_000,
};

/** What has to be said when a server is made; the rest is set by `limitServer`. */
export function creationOptions({ headerBytes, headersMs }: ServerLimits): HttpOptions {
  // Node looks for slow requests only this often.
  return { maxHeaderSize: headerBytes, connectionsCheckingInterval: Math.min(1_000, headersMs / 2) };
}

/** Sets the limits on a server that does not listen yet, plain or TLS, and returns it. */
export function limitServer(server: Server, limits: ServerLimits): Server {
  server.headersTimeout = limits.headersMs;
  server.requestTimeout = limits.requestMs;
  server.keepAliveTimeout = limits.keepAliveMs;
  server.timeout = limits.idleMs;
  server.maxConnections = limits.connections;
  for (const event of ['connection', 'drop']) server.on(event, () => (server.maxConnections = limits.connections));
  server.on('clientError', answerUnreadable);
  limitEachClient(server, limits);
  limitPipelining(server, limits.pipelined);
  return server;
}

/** A connection beyond the limit of its client is closed at once: those of others are not in its way. */
function limitEachClient(server: Server, limits: Pick<ServerLimits, 'connectionsPerClient'>): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    if (socket.remoteAddress === undefined) return;
    const client = clientOf(socket.remoteAddress);
    const count = (open.get(client) ?? 0) + 1;
    if (count > limits.connectionsPerClient) {
      socket.destroy();
      return;
    }
    open.set(client, count);
    socket.once('close', () => {
      const left = (open.get(client) ?? 1) - 1;
      if (left === 0) open.delete(client);
      else open.set(client, left);
    });
  });
}

/**
 * Node makes all the answers to what came in one piece before it sees that nobody reads them: a thousand short requests for a long list would
 * take all memory. A connection that asks beyond the limit is closed, and what it asks is not begun.
 */
function limitPipelining(server: Server, most: number): void {
  const handlers = server.listeners('request') as ((request: IncomingMessage, response: ServerResponse) => void)[];
  const open = new WeakMap<Socket, number>();
  server.removeAllListeners('request');
  server.on('request', (request, response) => {
    const { socket } = request;
    const count = (open.get(socket) ?? 0) + 1;
    if (count > most || socket.destroyed) {
      socket.destroy();
      return;
    }
    open.set(socket, count);
    response.once('close', () => open.set(socket, (open.get(socket) ?? 1) - 1));
    for (const handle of handlers) handle.call(server, request, response);
  });
}
