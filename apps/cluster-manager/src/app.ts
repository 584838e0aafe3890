/** The REST surface: one Fastify instance, every error a problem document. */
import { errorOf, ProblemSchema, RoutePaths } from '@wgcni/api';
import { CatalogueError, type Log, toProblem } from '@wgcni/base';
import swagger from '@fastify/swagger';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, type FastifySchema } from 'fastify';
import type { Replica } from './replica.ts';
import { networkRoutes } from './routes/network.ts';
import { nodeRoutes } from './routes/nodes.ts';
import { replicaRoutes } from './routes/replicas.ts';
import { knowSchemas, refTo } from './routes/schema-ref.ts';

/** The largest body: a registration names at most 64 grants. */
const bodyLimit = 64 * 1_024;

/** An instance that is not listening yet; tests use its `inject`. */
export async function buildApp(replica: Replica): Promise<FastifyInstance> {
  const { log } = replica;
  const app = fastify({
    bodyLimit,
    logger: false,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 256 },
    // Nothing of a body is dropped or turned into something else in silence.
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
    frameworkErrors: (error, request, reply: FastifyReply) => answer(error, request, reply, log),
  });
  const paths = new RoutePaths();
  app.addHook('onRoute', (route) => {
    paths.add(route.url, route.method);
    if (route.schema !== undefined) route.schema = withProblem(route.schema);
  });
  app.addHook('preValidation', async ({ query }) => readQuery(query as Record<string, unknown>));
  app.setErrorHandler((error, request, reply) => answer(error, request, reply, log));
  app.setNotFoundHandler((request, reply) => answer(notFound(request, paths, reply), request, reply, log));
  knowSchemas(app, [ProblemSchema]);
  await describe(app, replica.version);
  networkRoutes(app, replica);
  nodeRoutes(app, replica);
  replicaRoutes(app, replica);
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
  await app.ready();
  return app;
}

async function describe(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Wireguard CNI cluster-manager',
        version,
        description:
          'Grants subnets to nodes and keeps the register of their public keys. Any replica answers; the leader writes.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: 'http://localhost:7001', description: 'any replica' }],
      tags: [
        { name: 'network', description: 'The address plan' },
        { name: 'nodes', description: 'Registrations, grants and the life of a node' },
        { name: 'replicas', description: 'Cluster-managers and their health' },
      ],
      // Client certificates are to come; until then whoever reaches the port may call.
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

/** Query values are text; those that stand for numbers and truth become such before they are checked. */
function readQuery(query: Record<string, unknown>): void {
  const { limit, force } = query;
  if (typeof limit === 'string' && /^[0-9]{1,9}$/.test(limit)) query['limit'] = Number(limit);
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

function answer(thrown: unknown, { method, url }: FastifyRequest, reply: FastifyReply, log: Log): void {
  const error = errorOf(storeErrorOf(thrown));
  const isOurFault = error.http >= 500 && !error.retryable;
  log[isOurFault ? 'error' : 'info'](
    { method, url, code: error.code, why: error.message, ...(isOurFault ? { err: thrown } : {}) },
    'request.refused',
  );
  if (error.http === 503) void reply.header('retry-after', '1');
  void reply.code(error.http).header('content-type', 'application/problem+json').send(toProblem(error));
}

/** A store that is away is a passing state, not a fault of ours. */
function storeErrorOf(thrown: unknown): unknown {
  if (!(thrown instanceof Error) || thrown.name !== 'StoreUnavailableError') return thrown;
  return new CatalogueError('store.unavailable', `etcd did not answer: ${thrown.message}`, {
    remedy: 'see that etcd has a quorum, then try again',
    cause: thrown,
  });
}
