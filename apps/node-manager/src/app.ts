/** The REST surface: one Fastify instance for the unix socket and loopback TCP, every error a problem document. */
import { errorOf, ProblemSchema, RoutePaths } from '@wgcni/api';
import { CatalogueError, type Clock, type Log, toProblem } from '@wgcni/base';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifySchema } from 'fastify';
import type { Attachments } from './attachments/index.ts';
import { addressRoutes } from './routes/addresses.ts';
import { attachmentRoutes } from './routes/attachments.ts';
import { knowSchemas, refTo } from './routes/schema-ref.ts';
import { statusRoutes, type StatusRouteDeps } from './routes/status.ts';

export interface AppDeps extends StatusRouteDeps {
  version: string;
  attachments: Attachments;
  clock: Clock;
  log: Log;
}

/** The largest body: a GC call names every attachment of a node. */
const bodyLimit = 32 * 1024 * 1024;

/** An instance that is not listening yet; tests use its `inject`. */
export async function buildApp(deps: AppDeps): Promise<FastifyInstance> {
  const { log } = deps;
  const app = fastify({
    bodyLimit,
    routerOptions: { maxParamLength: 256 },
    logger: false,
    // Nothing of a body is dropped or turned into something else in silence.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    frameworkErrors: (error, request, reply: FastifyReply) => answer(error, request, reply, log),
  });
  const paths = new RoutePaths();
  app.addHook('onRoute', (route) => {
    paths.add(route.url, route.method);
    if (route.schema !== undefined) route.schema = withProblem(route.schema);
  });
  app.addHook('preValidation', async ({ query }) => readNumbers(query as Record<string, unknown>));
  app.setErrorHandler((error, request, reply) => answer(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => answer(notFound(request, paths, reply), request, reply, log));
  knowSchemas(app, [ProblemSchema]);
  await describe(app, deps.version);
  attachmentRoutes(app, deps.attachments, deps.clock);
  addressRoutes(app, deps.attachments);
  statusRoutes(app, deps);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.ready();
  return app;
}

async function describe(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Wireguard CNI node-manager',
        version,
        description:
          "One per node: whole attachments for the CNI plugin, single addresses for whoever brings its own key, the node's status.",
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: 'http://localhost', description: 'over the unix socket /run/wgcni/node-manager.sock' }],
      tags: [
        { name: 'attachments', description: 'Containers, as the CNI plugin asks for them' },
        { name: 'addresses', description: 'Addresses for machines that bring their own key' },
        { name: 'status', description: 'What the node is and knows' },
      ],
      // Who may call is a matter of the socket's mode, not of a credential.
      security: [],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json['$id'] === 'string' ? json['$id'] : `def-${index}`,
    },
  });
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

/** Query values are text; those that stand for numbers become numbers before they are checked. */
function readNumbers(query: Record<string, unknown>): void {
  const { limit } = query;
  if (typeof limit === 'string' && /^[0-9]{1,9}$/.test(limit)) query['limit'] = Number(limit);
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

function answer(thrown: unknown, { method, url }: FastifyRequest, reply: FastifyReply, log: Log): void {
  const error = errorOf(thrown);
  const isOurFault = error.http >= 500 && !error.retryable;
  log[isOurFault ? 'error' : 'info'](
    { method, url, code: error.code, why: error.message, ...(isOurFault ? { err: thrown } : {}) },
    'request.refused',
  );
  void reply.code(error.http).header('content-type', 'application/problem+json').send(toProblem(error));
}
