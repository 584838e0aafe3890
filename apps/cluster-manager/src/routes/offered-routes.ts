/** Routes that nodes offer, over REST: list them, approve one, withdraw one. */
import { NodeIdText, PageOf, PageQuery, RouteSchema } from '@wgcni/api';
import { knowSchemas, pageOf, refTo } from '@wgcni/api/server';
import { type Cidr, parseCidr } from '@wgcni/ipam';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { approveRoute, keyOfRoute, showRoutes, withdrawRoute } from '../registry/offered-routes.ts';
import type { Replica } from '../replica.ts';
import { atLeader, audited } from './leader-only.ts';

const tags = ['nodes'];
const path = '/v1/nodes/:nodeId/routes/:route';
const params = Type.Object(
  {
    nodeId: NodeIdText,
    route: Type.String({ maxLength: 43, description: 'CIDR with "-" for "/"', examples: ['192.168.50.0-24'] }),
  },
  { additionalProperties: false },
);
const RoutePage = PageOf(refTo(RouteSchema), 'RoutePage');

/** GET /v1/routes; PUT and DELETE /v1/nodes/{nodeId}/routes/{route}, at the leader. */
export function offeredRoutes(server: FastifyInstance, replica: Replica): void {
  const { state, writer } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [RouteSchema, RoutePage]);
  const list = { tags, summary: 'List the routes that nodes offer, and those approved', operationId: 'listRoutes' };
  app.get(
    '/v1/routes',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(RoutePage) } } },
    async ({ query }) => pageOf(showRoutes(state), keyOfRoute, { ...query, revision: state.revision }),
  );
  const put = { tags, summary: 'Let a route of a node in; repeating it is safe', operationId: 'putRoute' };
  app.put(path, { schema: { ...put, params, response: { 200: refTo(RouteSchema) } } }, async (request, reply) =>
    atLeader(replica, request, reply, () => {
      const { nodeId, route } = request.params;
      return audited(replica, request, 'putRoute', () => approveRoute(writer, nodeId, routeOf(route)));
    }),
  );
  const remove = { tags, summary: 'Let a route of a node in no more', operationId: 'deleteRoute' };
  app.delete(
    path,
    { schema: { ...remove, params, response: { 204: Type.Null({ description: 'done' }) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, async () => {
        const { nodeId, route } = request.params;
        await audited(replica, request, 'deleteRoute', () => withdrawRoute(writer, nodeId, routeOf(route)));
        return reply.code(204).send(null);
      }),
  );
}

function routeOf(text: string): Cidr {
  return parseCidr(text.replace('-', '/'), 'route');
}
