/** Who leads, who runs, and whether this replica is well. */
import { HealthSchema, LeaderSchema, PageOf, PageQuery, ReplicaSchema } from '@wgcni/api';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyInstance } from 'fastify';
import { leaderOf, refuseUnready } from '../readiness.ts';
import type { Replica } from '../replica.ts';
import { knowSchemas, refTo, pageOf } from '@wgcni/api/server';

const tags = ['replicas'];
const ReplicaPage = PageOf(refTo(ReplicaSchema), 'ReplicaPage');

/** GET /v1/leader, /v1/replicas, /healthz, /readyz. */
export function replicaRoutes(server: FastifyInstance, replica: Replica): void {
  const { state } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [LeaderSchema, ReplicaSchema, ReplicaPage, HealthSchema]);
  const leader = { tags, summary: 'Who leads', operationId: 'getLeader' };
  app.get('/v1/leader', { schema: { ...leader, response: { 200: refTo(LeaderSchema) } } }, async () => ({
    leader: leaderOf(replica),
    self: replica.id,
    term: replica.election.leadership?.term ?? null,
    recovering: replica.recovery.isRecovering(),
    revision: state.revision,
  }));
  const list = { tags, summary: 'List the cluster-managers that run', operationId: 'listReplicas' };
  app.get(
    '/v1/replicas',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(ReplicaPage) } } },
    async ({ query }) => {
      const leads = leaderOf(replica)?.replicaId;
      const items = state.replicas
        .all()
        .map(({ record: { replicaId, url, version } }) => ({ replicaId, url, version, isLeader: replicaId === leads }));
      return pageOf(items, ({ replicaId }) => replicaId, { ...query, revision: state.revision });
    },
  );
  const health = { tags, summary: 'Whether the process lives', operationId: 'getHealth' };
  app.get('/healthz', { schema: { ...health, response: { 200: refTo(HealthSchema) } } }, async () => ({
    status: 'ok',
  }));
  const ready = { tags, summary: 'Whether requests are served now', operationId: 'getReadiness' };
  app.get('/readyz', { schema: { ...ready, response: { 200: refTo(HealthSchema) } } }, async () => {
    refuseUnready(replica);
    return { status: 'ready' };
  });
}
