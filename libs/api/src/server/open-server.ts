/** A REST surface: one Fastify instance, every error a problem document, everything in the OpenAPI document. */
import { CatalogueError, type ErrorCode, type Log, toProblem } from '@wgcni/base';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifySchema } from 'fastify';
import { createServer, type RequestListener, type Server, type ServerOptions as HttpOptions } from 'node:http';
import { ProblemSchema } from '../problem-schema.ts';
import { type Answered, tellAnswers } from './answered.ts';
import { errorOf } from './error-of.ts';
import { refuseForeignSites } from './foreign-site.ts';
import { creationOptions, limitServer, type ServerLimits, usualLimits } from './limits.ts';
import { limitRate, type RateLimit } from './rate-limit.ts';
import { RoutePaths } from './route-paths.ts';
import { knowSchemas, refTo } from './schema-ref.ts';

declare module 'fastify' {
  interface FastifyReply {
    /** With what code a request was refused, once it was. */
    refusal: ErrorCode | undefined;
  }
}

export interface ServerOptions {
  title: string;
  description: string;
  version: string;
  /** Where it is reached, for the OpenAPI document. */
  server: { url: string; description: string };
  tags: { name: string; description: string }[];
  /** Bytes of the largest body. */
  bodyLimit: number;
  /** What clients may take of the server that listens (default: `usualLimits`). */
  limits?: ServerLimits;
  /** How often each may ask; without it, as often as it likes. */
  rate?: RateLimit;
  log: Log;
  /** Is told of each request that was refused, once it is answered. */
  onRefusal?: ((code: ErrorCode) => void) | undefined;
  /** Is told of each answer, and how long it took. */
  onAnswered?: ((answered: Answered) => void) | undefined;
  /** An error of a library as the CatalogueError that it stands for; what it does not know it returns as it is. */
  translate?: (thrown: unknown) => unknown;
  /** Makes the server that listens (default: plain HTTP). */
  serve?: (handler: RequestListener, creation: HttpOptions) => Server;
}

/** An instance that is not listening yet, with the routes that `addRoutes` adds; tests use its `inject`. */
export async function openServer(
  options: ServerOptions,
  addRoutes: (app: FastifyInstance) => void,
): Promise<FastifyInstance> {
  const { bodyLimit, limits = usualLimits, rate, serve = plainServer } = options;
  const app = fastify({
    bodyLimit,
    logger: false,
    forceCloseConnections: true,
    serverFactory: (handler) => limitServer(serve(handler, creationOptions(limits)), limits),
    routerOptions: { maxParamLength: 256 },
    // Nothing of a body is dropped or turned into something else in silence.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    frameworkErrors: (error, request, reply: FastifyReply) => answer(error, request, reply, options),
  });
  tellRefusals(app, options);
  if (options.onAnswered !== undefined) tellAnswers(app, options.onAnswered);
  const paths = new RoutePaths();
  if (rate !== undefined) limitRate(app, rate);
  refuseForeignSites(app);
  app.addHook('onRoute', (route) => {
    paths.add(route.url, route.method);
    if (route.schema !== undefined) route.schema = closed(route.schema);
  });
  app.addHook('preValidation', async ({ query }) => readQuery(query as Record<string, unknown>));
  app.setErrorHandler((error, request, reply) =>
    // What else is wrong with a request for nothing does not matter, but for what we refuse by ourselves.
    answer(
      request.is404 && !(error instanceof CatalogueError) ? notFound(request, paths, reply) : error,
      request,
      reply,
      options,
    ),
  );
  app.setNotFoundHandler((request, reply) => answer(notFound(request, paths, reply), request, reply, options));
  knowSchemas(app, [ProblemSchema]);
  await describe(app, options);
  addRoutes(app);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.ready();
  return app;
}

function plainServer(handler: RequestListener, creation: HttpOptions): Server {
  return createServer(creation, handler);
}

async function describe(
  app: FastifyInstance,
  { title, description, version, server, tags }: ServerOptions,
): Promise<void> {
  const license = { name: 'Apache-2.0', identifier: 'Apache-2.0' };
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title, version, description, license },
      servers: [server],
      tags,
      // Who may call is a matter of the connection: of where it listens or, with TLS, of the caller's certificate (docs/security.md).
      security: [],
    },
    // For the document alone: a serializer of its own for each route's refusals was two thirds of the time that an instance takes to be made.
    transform: ({ schema, url }) => ({ schema: withProblem(schema), url }),
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `def-${index}`,
    },
  });
}

function tellRefusals(app: FastifyInstance, { onRefusal }: ServerOptions): void {
  app.decorateReply('refusal', undefined);
  if (onRefusal === undefined) return;
  app.addHook('onResponse', async (_, { refusal }) => {
    if (refusal !== undefined) onRefusal(refusal);
  });
}

/** A route that takes no query refuses one: what is not known is never passed over in silence. */
function closed(schema: FastifySchema): FastifySchema {
  return { querystring: { type: 'object', properties: {}, additionalProperties: false }, ...schema };
}

/** Every route can answer with a problem document. */
function withProblem(schema: FastifySchema): FastifySchema {
  if (schema.hide === true) return schema;
  const problem = {
    description: 'what was wrong and what to do about it',
    content: { 'application/problem+json': { schema: refTo(ProblemSchema) } },
  };
  return { ...schema, response: { ...(schema.response as object | undefined), '4xx': problem, '5xx': problem } };
}

/** Query values are text; those that stand for numbers and truth become such before they are checked. */
function readQuery(query: Record<string, unknown>): void {
  const { limit, wait, force, uptimeMs } = query;
  if (typeof limit === 'string' && /^[0-9]{1,9}$/.test(limit)) query['limit'] = Number(limit);
  if (typeof wait === 'string' && /^[0-9]{1,9}$/.test(wait)) query['wait'] = Number(wait);
  if (typeof uptimeMs === 'string' && /^[0-9]{1,15}(\.[0-9]{1,20})?$/.test(uptimeMs))
    query['uptimeMs'] = Number(uptimeMs);
  if (force === 'true' || force === 'false') query['force'] = force === 'true';
}

function notFound({ method, url }: FastifyRequest, paths: RoutePaths, reply: FastifyReply): CatalogueError {
  const path = url.replace(/\?.*$/s, '');
  const methods = paths.methodsOf(path);
  if (methods.length === 0) {
    return new CatalogueError('route.unknown', `there is no ${path} here`, {
      field: 'path',
      remedy: 'see /openapi.json for what there is',
    });
  }
  void reply.header('allow', methods.join(', '));
  return new CatalogueError('method.unknown', `${path} has no ${method}`, {
    field: 'method',
    remedy: `use ${methods.join(' or ')}`,
  });
}

function answer(
  thrown: unknown,
  { method, url }: FastifyRequest,
  reply: FastifyReply,
  { log, translate }: ServerOptions,
): void {
  const error = errorOf(translate?.(thrown) ?? thrown);
  const isOurFault = error.http >= 500 && !error.retryable;
  log[isOurFault ? 'error' : 'info'](
    { method, url, code: error.code, why: error.message, ...(isOurFault ? { err: thrown } : {}) },
    'request.refused',
  );
  reply.refusal = error.code;
  if (error.http === 503) void reply.header('retry-after', '1');
  void reply.code(error.http).header('content-type', 'application/problem+json').send(toProblem(error));
}
