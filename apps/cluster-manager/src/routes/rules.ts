/** The network's rules over REST: list them, put one, take one away. */
import { PageOf, PageQuery, RuleInputSchema, RuleName, RuleSchema } from '@wgcni/api';
import { knowSchemas, pageOf, refTo } from '@wgcni/api/server';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { deleteRule, putRule, showRules } from '../network/rules.ts';
import type { Replica } from '../replica.ts';
import { ifMatchOf } from './if-match.ts';
import { atLeader, audited } from './leader-only.ts';

const tags = ['network'];
const path = '/v1/rules/:rule';
const params = Type.Object({ rule: RuleName }, { additionalProperties: false });
const RulePage = PageOf(refTo(RuleSchema), 'RulePage');

/** GET /v1/rules; PUT and DELETE /v1/rules/{rule}: both at the leader. */
export function ruleRoutes(server: FastifyInstance, replica: Replica): void {
  const { state, writer } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [RuleSchema, RulePage, RuleInputSchema]);
  const list = { tags, summary: 'List the rules', operationId: 'listRules' };
  app.get(
    '/v1/rules',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(RulePage) } } },
    async ({ query }, reply) => {
      reply.header('etag', `"${state.theNetwork().item.modRevision}"`);
      return pageOf(showRules(state), ({ name }) => name, { ...query, revision: state.revision });
    },
  );
  const put = { tags, summary: 'Put a rule under its name; repeating it is safe', operationId: 'putRule' };
  app.put(
    path,
    { schema: { ...put, params, body: refTo(RuleInputSchema), response: { 200: refTo(RuleSchema) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, () =>
        audited(replica, request, 'putRule', async () => {
          const ifMatch = ifMatchOf(request.headers['if-match']);
          const { rule, revision } = await putRule(writer, request.params.rule, request.body, ifMatch);
          reply.header('etag', `"${revision}"`);
          return rule;
        }),
      ),
  );
  const remove = { tags, summary: 'Take a rule away', operationId: 'deleteRule' };
  app.delete(
    path,
    { schema: { ...remove, params, response: { 204: Type.Null({ description: 'done' }) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, async () => {
        const ifMatch = ifMatchOf(request.headers['if-match']);
        await audited(replica, request, 'deleteRule', () => deleteRule(writer, request.params.rule, ifMatch));
        return reply.code(204).send(null);
      }),
  );
}
