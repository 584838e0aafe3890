/** Serves one request handler on the unix socket and, when asked to, on TCP. */
import type { Listen } from '@wgcni/api/server';
import type { Log } from '@wgcni/base';
import type { RequestListener } from 'node:http';
import type { Entrances } from './entrances.ts';
import { closeServer, listenOnTcp, openTrusted } from './open-server.ts';
import { listenOnSocket } from './unix-socket.ts';

export interface Serving {
  /** Stops listening and drops what is open; the socket's file goes with it. */
  close(): Promise<void>;
}

/** Resolves once both listen. Throws CatalogueError `config.invalid` for an address that cannot be had. */
export async function serve(
  handler: RequestListener,
  where: { socket: string; listen: Listen | undefined },
  entrances: Entrances,
  log: Log,
): Promise<Serving> {
  // The mode of the socket and of its directory are the access control.
  const local = openTrusted(handler, entrances);
  await listenOnSocket(local, where.socket);
  const servers = [local];
  if (where.listen !== undefined) servers.push(await listenOnTcp(handler, where.listen, entrances));
  log.info(
    { socket: where.socket, listen: where.listen ?? null, isSecure: entrances.secure !== undefined },
    'server.listening',
  );
  return { close: async () => void (await Promise.all(servers.map(closeServer))) };
}
