/** External clients over REST: take one in, list them, take one away, and the configuration of one as a file. */
import { createHash } from 'node:crypto';
import {
  ClientConfigQuery,
  ClientInputSchema,
  ClientNameText,
  ClientRemovalQuery,
  ClientSchema,
  PageOf,
  PageQuery,
} from '@wgcni/api';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { knowSchemas, pageOf, refTo } from '@wgcni/api/server';
import { peersOf } from '../clients/client-peers.ts';
import { refuseIncomplete } from '../clients/refuse-incomplete.ts';
import { clientConfigText } from '../clients/config-text.ts';
import { keepClient } from '../clients/keep-client.ts';
import { removeClient, unknownClient } from '../clients/remove-client.ts';
import { showClient, showClients } from '../clients/show-client.ts';
import type { Replica } from '../replica.ts';
import { atLeader, audited } from './leader-only.ts';

const tags = ['clients'];
const path = '/v1/clients/:name';
const params = Type.Object({ name: ClientNameText }, { additionalProperties: false });
const ClientPage = PageOf(refTo(ClientSchema), 'ClientPage');
const ConfigText = Type.String({ description: 'a file for wg-quick that lacks the private key' });

/** GET /v1/clients; GET, PUT and DELETE /v1/clients/{name}, its writes at the leader; GET /v1/clients/{name}/config. */
export function clientRoutes(server: FastifyInstance, replica: Replica): void {
  knowSchemas(server, [ClientSchema, ClientPage, ClientInputSchema]);
  addReads(server, replica);
  addConfig(server, replica);
  addWrites(server, replica);
}

function addReads(server: FastifyInstance, { state }: Replica): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const list = { tags, summary: 'List the external clients', operationId: 'listClients' };
  app.get(
    '/v1/clients',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(ClientPage) } } },
    async ({ query }) => pageOf(showClients(state), ({ name }) => name, { ...query, revision: state.revision }),
  );
  const show = { tags, summary: 'Show one client', operationId: 'getClient' };
  app.get(
    path,
    { schema: { ...show, params, response: { 200: refTo(ClientSchema) } } },
    async ({ params: { name } }, reply) => {
      const client = state.clientOf(name);
      if (client === undefined) throw unknownClient(name);
      reply.header('etag', `"${client.item.modRevision}"`);
      return showClient(state, client);
    },
  );
}

function addConfig(server: FastifyInstance, { state, recovery }: Replica): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const config = {
    tags,
    summary: 'The configuration of a client, for wg-quick, without its private key',
    operationId: 'getClientConfig',
  };
  const response = {
    200: { description: 'the file', content: { 'text/plain': { schema: ConfigText } } },
    304: Type.Unsafe<string>({ type: 'null', description: 'still as the ETag in If-None-Match says' }),
  };
  app.get(
    `${path}/config`,
    { schema: { ...config, params, querystring: ClientConfigQuery, response } },
    async ({ params: { name }, query: { family }, headers }, reply) => {
      const client = state.clientOf(name)?.record;
      if (client === undefined) throw unknownClient(name);
      refuseIncomplete(state, client, recovery.isRecovering());
      const { mtu } = state.theNetwork().record;
      const text = clientConfigText({ client, mtu, peers: peersOf(state, client, family) });
      const etag = `"${createHash('sha256').update(text).digest('hex').slice(0, 32)}"`;
      void reply.header('etag', etag);
      void reply.type('text/plain; charset=utf-8');
      const isKnown = knownTags(headers['if-none-match']).includes(etag);
      return isKnown ? reply.code(304).send('') : reply.send(text);
    },
  );
}

function addWrites(server: FastifyInstance, replica: Replica): void {
  const { state, writer } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const put = {
    tags,
    summary: 'Take a client in, or change what it may; repeating it is safe',
    operationId: 'putClient',
  };
  app.put(
    path,
    { schema: { ...put, params, body: refTo(ClientInputSchema), response: { 200: refTo(ClientSchema) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, () =>
        audited(replica, request, 'putClient', async () =>
          showClient(state, await keepClient(writer, request.params.name, request.body)),
        ),
      ),
  );
  const remove = {
    ...{ tags, summary: 'Take a client out, everywhere', operationId: 'deleteClient' },
    description:
      'Safe to repeat: 204 while it is remembered that this client left, or with publicKey that the client of this key did, for a week. 404 client.unknown for a name that was never known, and for a key with ' +
      'which no client of that name left where it is known with which one it did. Where neither a record nor a claim says the key (they cannot be read, or are gone) the one in publicKey is believed, with 204; it can ' +
      'be asked for again with another one, if that was wrong.',
  };
  app.delete(
    path,
    {
      schema: {
        ...remove,
        params,
        querystring: ClientRemovalQuery,
        response: { 204: Type.Null({ description: 'done' }) },
      },
    },
    async (request, reply) =>
      atLeader(replica, request, reply, async () => {
        const { name } = request.params;
        await audited(replica, request, 'deleteClient', () => removeClient(writer, name, request.query.publicKey));
        return reply.code(204).send(null);
      }),
  );
}

/** Weak or strong, a tag of ours names the same text. */
function knownTags(header: string | undefined): string[] {
  return (header ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
}
