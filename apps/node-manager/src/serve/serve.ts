/** Serves one request handler on the unix socket and, when asked to, on loopback TCP. */
import { creationOptions, limitServer, type ServerLimits, usualLimits } from '@wgcni/api/server';
import { CatalogueError, type Log, messageOf } from '@wgcni/base';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { Listen } from '../flag-values.ts';
import { listenOnSocket } from './unix-socket.ts';

/** An ADD may take its ten minutes; a node has few callers, and those on the socket are its own root. */
const limits: ServerLimits = { ...usualLimits, idleMs: 660_000, connections: 1_024, connectionsPerClient: 256 };

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
  const open = (): Server => limitServer(createServer(creationOptions(limits), handler), limits);
  const servers = [open()];
  const [local] = servers as [Server];
  await listenOnSocket(local, where.socket);
  if (where.listen !== undefined) {
    const tcp = open();
    servers.push(tcp);
    await listenOnLoopback(tcp, where.listen);
  }
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
