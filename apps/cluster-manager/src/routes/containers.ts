/** What nodes publish of their containers, over REST. */
import { ContainersInputSchema, ContainersSchema, NodeIdText } from '@wgcni/api';
import { knowSchemas, refTo } from '@wgcni/api/server';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { publishContainers } from '../registry/containers.ts';
import type { Replica } from '../replica.ts';
import { atLeader } from './leader-only.ts';

/** PUT /v1/nodes/{nodeId}/containers, at the leader. */
export function containerRoutes(server: FastifyInstance, replica: Replica): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [ContainersInputSchema, ContainersSchema]);
  const params = Type.Object({ nodeId: NodeIdText }, { additionalProperties: false });
  const put = {
    tags: ['nodes'],
    summary: "Say which of a node's containers others may have as direct peers; repeating it is safe",
    operationId: 'putContainers',
  };
  const schema = { ...put, params, body: refTo(ContainersInputSchema), response: { 200: refTo(ContainersSchema) } };
  app.put('/v1/nodes/:nodeId/containers', { schema }, async (request, reply) =>
    atLeader(replica, request, reply, () => publishContainers(replica.writer, request.params.nodeId, request.body)),
  );
}
