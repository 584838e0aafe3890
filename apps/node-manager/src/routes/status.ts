/** The node's status, and whether the process lives and ADD is served. */
import { HealthSchema, type NodeStatus, NodeStatusSchema } from '@wgcni/api';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import type { Judgement } from '../registration/standing.ts';
import { knowSchemas, refTo } from '@wgcni/api/server';

const tags = ['status'];

export interface StatusRouteDeps {
  status: () => Promise<NodeStatus>;
  judgement: () => Judgement;
}

/** GET /v1/status, /healthz and /readyz; the last is a problem document while ADD is refused. */
export function statusRoutes(server: FastifyInstance, { status, judgement }: StatusRouteDeps): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [NodeStatusSchema, HealthSchema]);
  const show = { tags, summary: 'Show what this node is and knows', operationId: 'getStatus' };
  app.get('/v1/status', { schema: { ...show, response: { 200: refTo(NodeStatusSchema) } } }, async () => status());
  const health = { tags, summary: 'Whether the process lives', operationId: 'getHealth' };
  app.get('/healthz', { schema: { ...health, response: { 200: refTo(HealthSchema) } } }, async () => ({
    status: 'ok',
  }));
  const ready = { tags, summary: 'Whether ADD is served now', operationId: 'getReadiness' };
  app.get('/readyz', { schema: { ...ready, response: { 200: refTo(HealthSchema) } } }, async () => {
    const { refusal } = judgement();
    if (refusal !== undefined) throw refusal;
    return { status: 'ready' };
  });
}
