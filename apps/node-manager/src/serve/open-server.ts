/** The servers of a node-manager: one whose callers are trusted, and one for TCP. They differ in how a connection proves whose it is. */
import {
  creationOptions,
  limitServer,
  type Listen,
  refuseOpen,
  type ServerLimits,
  usualLimits,
} from '@wgcni/api/server';
import { CatalogueError, messageOf } from '@wgcni/base';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Entrances } from './entrances.ts';

/** An ADD may take its ten minutes; a node has few callers, and those on the socket are its own root. */
const limits: ServerLimits = { ...usualLimits, idleMs: 660_000, connections: 1_024, connectionsPerClient: 256 };

/** Not listening yet. Only for where nobody but root of this machine can connect. */
export function openTrusted(handler: RequestListener, entrances: Entrances): Server {
  const server = limitServer(createServer(creationOptions(limits), handler), limits);
  entrances.trust(server);
  return server;
}

/**
 * Listens on TCP: over TLS with credentials, without them on loopback alone. Throws CatalogueError `config.invalid` for an address that
 * cannot be had.
 */
export async function listenOnTcp(handler: RequestListener, where: Listen, entrances: Entrances): Promise<Server> {
  const server = openTcp(handler, where, entrances);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(notHad(where, error)));
    server.listen(where.port, where.host, resolve);
  });
  return server;
}

/** The port that a listening server has. */
export function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Stops listening and drops what is open. */
export function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** FENCE: whom nobody asks for a certificate must be on this machine. */
function openTcp(handler: RequestListener, where: Listen, entrances: Entrances): Server {
  if (entrances.secure !== undefined)
    return limitServer(entrances.secure.serve(handler, creationOptions(limits)), limits);
  refuseOpen('--listen', where);
  return openTrusted(handler, entrances);
}

function notHad({ host, port }: Listen, cause: Error): CatalogueError {
  return new CatalogueError('config.invalid', `--listen ${host}:${port} cannot be used: ${messageOf(cause)}`, {
    field: '--listen',
    remedy: 'choose a free port on an address of this machine',
    cause,
  });
}
