/** The REST surface of the node-manager, for the unix socket and for TCP. */
import { type Answered, type EventRing, eventRoutes, openServer } from '@wgcni/api/server';
import type { Clock, ErrorCode, Log } from '@wgcni/base';
import type { FastifyInstance } from 'fastify';
import type { Attachments } from './attachments/index.ts';
import { addressRoutes } from './routes/addresses.ts';
import { attachmentRoutes } from './routes/attachments.ts';
import { knowCallers } from './routes/caller.ts';
import { statusRoutes, type StatusRouteDeps } from './routes/status.ts';
import type { Entrances } from './serve/entrances.ts';

export interface AppDeps extends StatusRouteDeps {
  version: string;
  attachments: Attachments;
  events: Pick<EventRing, 'listSoon'>;
  clock: Clock;
  log: Log;
  /** Who is let in by which way; undefined: whoever calls the instance itself, as tests do. */
  entrances: Entrances | undefined;
  /** Is told of each request that was refused. */
  onRefusal?: ((code: ErrorCode) => void) | undefined;
  /** Is told of each answer. */
  onAnswered?: (answered: Answered) => void;
}

/** An instance that is not listening yet; tests use its `inject`. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const options = {
    title: 'Wireguard CNI node-manager',
    description:
      "One per node: whole attachments for the CNI plugin, single addresses for whoever brings its own key, the node's status.",
    version: deps.version,
    server: { url: 'http://localhost', description: 'over the unix socket /run/wgcni/node-manager.sock' },
    tags: [
      { name: 'attachments', description: 'Containers, as the CNI plugin asks for them' },
      { name: 'addresses', description: 'Addresses for machines that bring their own key' },
      { name: 'status', description: 'What the node is and knows' },
    ],
    // A GC call names every attachment of a node.
    bodyLimit: 32 * 1_024 * 1_024,
    log: deps.log,
    onRefusal: deps.onRefusal,
    onAnswered: deps.onAnswered,
  };
  return openServer(options, (app) => {
    if (deps.entrances !== undefined) knowCallers(app, deps.entrances, deps.log);
    attachmentRoutes(app, deps.attachments, deps.clock);
    addressRoutes(app, deps.attachments);
    statusRoutes(app, deps);
    eventRoutes(app, deps.events, ['status']);
  });
}
