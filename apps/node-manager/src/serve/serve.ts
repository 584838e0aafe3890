/** Serves one request handler on the unix socket and, when asked to, on loopback TCP. */
import { CatalogueError, type Log, messageOf, toProblem } from '@wgcni/base';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Listen } from '../flag-values.ts';
import { listenOnSocket } from './unix-socket.ts';

export interface Serving {
  /** Stops listening and drops what is open; the socket's file goes with it. */
  close(): Promise<void>;
}

/** Resolves once both listen. Throws CatalogueError `config.invalid` for an address that cannot be had. */
export async function serve(
  handler: RequestListener,
  where: { socket: string; listen: Listen | undefined },
  log: Log,
): Promise<Serving> {
  const servers = [createServer(handler)];
  const [local] = servers as [Server];
  await listenOnSocket(local, where.socket);
  if (where.listen !== undefined) {
    const tcp = createServer(handler);
    servers.push(tcp);
    await listenOnLoopback(tcp, where.listen);
  }
  for (const server of servers) server.on('clientError', (_, socket) => socket.end(unreadable()));
  log.info({ socket: where.socket, listen: where.listen ?? null }, 'server.listening');
  return { close: async () => void (await Promise.all(servers.map(closeServer))) };
}

async function listenOnLoopback(server: Server, { host, port }: Listen): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(notHad(`${host}:${port}`, error)));
    server.listen(port, host, resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function notHad(where: string, cause: Error): CatalogueError {
  return new CatalogueError('config.invalid', `--listen ${where} cannot be used: ${messageOf(cause)}`, {
    field: '--listen',
    remedy: 'choose a free port on 127.0.0.1 or [::1]',
    cause,
  });
}

/** The answer to bytes that are no HTTP request. */
function unreadable(): string {
  const body = JSON.stringify(
    toProblem(new CatalogueError('request.invalid', 'this is no HTTP/1.1 request', { field: 'request' })),
  );
  return `HTTP/1.1 400 Bad Request\r\ncontent-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`;
}
