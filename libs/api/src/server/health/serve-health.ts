/** `/healthz`, `/readyz` and `/metrics` on a listener of their own: what watches a program needs no way to its verbs. */
import { CatalogueError, type Clock, type Log, messageOf, toCatalogueError, toProblem } from '@wgcni/base';
import { type CredentialSource, formatIdentity, SecureServer } from '@wgcni/pki';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { judgeCaller, refuseCaller } from '../judge-caller.ts';
import { creationOptions, limitServer, type ServerLimits, usualLimits } from '../limits.ts';
import { isLoopback, type Listen, refuseOpen } from '../listen.ts';
import type { Metrics } from './metrics.ts';

/** A few watchers, each with a connection or two. */
const limits: ServerLimits = { ...usualLimits, connections: 64, connectionsPerClient: 16 };

export interface HealthOptions {
  listen: Listen;
  /** Throws CatalogueError while the program does not do its work. */
  ready: () => void;
  metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** Who is asked for a certificate is of this cluster. */
  cluster: string;
  credentials: CredentialSource | undefined;
  clock: Pick<Clock, 'wallMs'>;
  log: Log;
}

export interface HealthServing {
  port: number;
  close(): Promise<void>;
}

/**
 * Resolves once it listens: on loopback in the clear, on any other address over TLS, for people of the cluster and its managers. Throws
 * CatalogueError `config.invalid` for an address that others reach without credentials, and for one that cannot be had.
 */
export async function serveHealth(options: HealthOptions): Promise<HealthServing> {
  const { listen, credentials, log } = options;
  let secure: SecureServer | undefined;
  if (!isLoopback(listen.host)) {
    // FENCE: versions, node ids and what goes wrong is for those who belong here.
    if (credentials === undefined) refuseOpen('--health-listen', listen);
    else secure = new SecureServer(credentials);
  }
  const app = await healthApp(options, secure);
  await app.listen(listen).catch((cause: unknown) => {
    const where = `${listen.host}:${listen.port}`;
    throw new CatalogueError('config.invalid', `--health-listen ${where} cannot be used: ${messageOf(cause)}`, {
      field: '--health-listen',
      remedy: 'choose a free port on an address of this machine',
      cause,
    });
  });
  log.info({ listen, isSecure: secure !== undefined }, 'health.listening');
  return { port: (app.server.address() as AddressInfo).port, close: () => app.close() };
}

async function healthApp(options: HealthOptions, secure: SecureServer | undefined): Promise<FastifyInstance> {
  const { ready, metrics } = options;
  const app = fastify({
    logger: false,
    bodyLimit: 1,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    serverFactory: (handler) => {
      const creation = creationOptions(limits);
      return limitServer(secure?.serve(handler, creation) ?? createServer(creation, handler), limits);
    },
    frameworkErrors: (error, _request, reply: FastifyReply) => answer(error, reply),
  });
  app.setErrorHandler((error, _request, reply) => answer(error, reply));
  app.setNotFoundHandler((_request, reply) => answer(absent(), reply));
  if (secure !== undefined) app.addHook('onRequest', async (request, reply) => admit(options, secure, request, reply));
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async () => {
    ready();
    return { status: 'ready' };
  });
  app.get('/metrics', async (_, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  await app.ready();
  return app;
}

/** Any person of the cluster, and its managers. A node looks after nobody. */
function admit(
  { cluster, clock, log }: HealthOptions,
  secure: SecureServer,
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply | undefined {
  const judged = judgeCaller({ secure, cluster, clock }, request, reply);
  if (judged.identity === undefined)
    return refuseCaller(log, request, reply, { code: 'identity.missing', why: judged.why, caller: null });
  if (judged.identity.kind !== 'node') return undefined;
  const caller = formatIdentity(judged.identity);
  return refuseCaller(log, request, reply, { code: 'identity.refused', why: 'a node watches nobody', caller });
}

function absent(): CatalogueError {
  return new CatalogueError('route.unknown', 'there is no such thing here', {
    field: 'path',
    remedy: 'GET /healthz, /readyz or /metrics',
  });
}

function answer(thrown: unknown, reply: FastifyReply): void {
  const error = toCatalogueError(thrown);
  void reply.code(error.http).header('content-type', 'application/problem+json').send(toProblem(error));
}
