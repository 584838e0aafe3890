/** What nodes tell of themselves, over REST: each says its own, and a reader gets the newest that any replica has. */
import { NodeIdText, PageOf, PageQuery, ReportInputSchema, ReportSchema, ReportSummarySchema } from '@wgcni/api';
import { knowSchemas, pageOf, refTo } from '@wgcni/api/server';
import { CatalogueError } from '@wgcni/base';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import type { Replica } from '../replica.ts';
import type { Gathering } from '../report/gather.ts';
import { newestOfEach } from '../report/newest.ts';
import { isForwarded } from './leader-only.ts';

const tags = ['reports'];
const path = '/v1/nodes/:nodeId/report';
const params = Type.Object({ nodeId: NodeIdText }, { additionalProperties: false });
const done = { 204: Type.Null({ description: 'done' }) };
const ReportPage = PageOf(refTo(ReportSummarySchema), 'ReportPage');
/** Bytes: a thousand attachments and a thousand tunnels, all with the longest names and causes that there are in practice. */
const bodyLimit = 1_024 * 1_024;

/** What is forwarded is answered out of this replica's own memory: nobody asks around twice. */
export function reportRoutes(server: FastifyInstance, replica: Replica, gathering: Gathering): void {
  const { reports, state } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [ReportInputSchema, ReportSchema, ReportSummarySchema, ReportPage]);
  const put = {
    tags,
    summary: 'Tell how a node is; kept in memory by the replica that takes it',
    operationId: 'putReport',
  };
  app.put(
    path,
    { bodyLimit, schema: { ...put, params, body: refTo(ReportInputSchema), response: done } },
    async ({ params: { nodeId }, body }, reply) => {
      reports.put(nodeId, body);
      return reply.code(204).send(null);
    },
  );
  const show = { tags, summary: 'Show how a node is, by its newest report', operationId: 'getReport' };
  app.get(path, { schema: { ...show, params, response: { 200: refTo(ReportSchema) } } }, async (request) => {
    const { nodeId } = request.params;
    if (!isForwarded(request.headers)) return gathering.one(nodeId, request);
    const own = reports.of(nodeId);
    if (own !== undefined) return own;
    throw new CatalogueError('report.absent', `this replica has no report of ${nodeId}`);
  });
  const list = {
    tags,
    summary: 'List the newest report of each node, without attachments',
    operationId: 'listReports',
  };
  app.get(
    '/v1/reports',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(ReportPage) } } },
    async (request) => {
      const items = isForwarded(request.headers)
        ? newestOfEach(reports.summaries())
        : (await gathering.all(request)).reports;
      return pageOf(items, ({ nodeId }) => nodeId, { ...request.query, revision: state.revision });
    },
  );
}
