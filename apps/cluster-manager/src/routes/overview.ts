/** The cluster at a glance over REST: what the page and `wgcni graph` are drawn from. */
import { OverviewSchema } from '@wgcni/api';
import { knowSchemas, refTo } from '@wgcni/api/server';
import type { FastifyInstance } from 'fastify';
import { showOverview } from '../overview/show-overview.ts';
import type { Replica } from '../replica.ts';
import type { Gathering } from '../report/gather.ts';

/** GET /v1/overview. */
export function overviewRoutes(app: FastifyInstance, replica: Replica, gathering: Gathering): void {
  knowSchemas(app, [OverviewSchema]);
  const show = { tags: ['reports'], summary: 'Show the cluster at a glance', operationId: 'getOverview' };
  app.get('/v1/overview', { schema: { ...show, response: { 200: refTo(OverviewSchema) } } }, async (request) =>
    showOverview(replica, await gathering.all(request)),
  );
}
