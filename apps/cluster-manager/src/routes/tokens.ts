/** Join tokens over REST: keep the hash of one, list them, take one back. */
import { PageOf, PageQuery, TokenIdText, TokenInputSchema, TokenSchema } from '@wgcni/api';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { knowSchemas, pageOf, refTo } from '@wgcni/api/server';
import { issuingAuthority } from '../registry/issue.ts';
import { keepToken, revokeToken, showToken } from '../registry/tokens.ts';
import type { Replica } from '../replica.ts';
import { atLeader, audited } from './leader-only.ts';

const tags = ['certificates'];
const path = '/v1/tokens/:tokenId';
const params = Type.Object({ tokenId: TokenIdText }, { additionalProperties: false });
const TokenPage = PageOf(refTo(TokenSchema), 'TokenPage');

/** GET /v1/tokens; PUT and DELETE /v1/tokens/{tokenId}, at the leader. */
export function tokenRoutes(server: FastifyInstance, replica: Replica): void {
  const { state, writer } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [TokenSchema, TokenPage, TokenInputSchema]);
  const list = { tags, summary: 'List the join tokens that have not ended', operationId: 'listTokens' };
  app.get(
    '/v1/tokens',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(TokenPage) } } },
    async ({ query }) => {
      const authority = replica.authority?.anchor ?? null;
      const items = state.tokens.all().map((kept) => showToken(kept, authority));
      return pageOf(items, ({ tokenId }) => tokenId, { ...query, revision: state.revision });
    },
  );
  const put = { tags, summary: 'Keep the hash of a join token; repeating it is safe', operationId: 'putToken' };
  app.put(
    path,
    { schema: { ...put, params, body: refTo(TokenInputSchema), response: { 200: refTo(TokenSchema) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, () =>
        audited(replica, request, 'putToken', async () => {
          const { anchor } = issuingAuthority(replica);
          return showToken(await keepToken(writer, request.params.tokenId, request.body), anchor);
        }),
      ),
  );
  const remove = { tags, summary: 'Take a join token back', operationId: 'deleteToken' };
  app.delete(
    path,
    { schema: { ...remove, params, response: { 204: Type.Null({ description: 'done' }) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, async () => {
        await audited(replica, request, 'deleteToken', () => revokeToken(writer, request.params.tokenId));
        return reply.code(204).send(null);
      }),
  );
}
