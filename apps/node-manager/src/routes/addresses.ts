/** The three single steps over REST: allocate an address, register a public key, request peers. */
import {
  AllocateInputSchema,
  AllocationSchema,
  ClaimKeyInputSchema,
  JoinPeerSchema,
  Name,
  PageOf,
  PageQuery,
} from '@wgcni/api';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import type { Attachments } from '../attachments/attachments.ts';
import { knowSchemas, refTo, pageOf } from '@wgcni/api/server';

const path = '/v1/addresses/:name';
const tags = ['addresses'];

const Params = Type.Object({ name: Name }, { additionalProperties: false });
const AllocationPage = PageOf(refTo(AllocationSchema), 'AllocationPage');
const JoinPeerPage = PageOf(refTo(JoinPeerSchema), 'JoinPeerPage');

/** Addresses for whoever brings its own key. Errors are thrown as CatalogueError for the server to answer. */
export function addressRoutes(server: FastifyInstance, attachments: Attachments): void {
  knowSchemas(server, [
    AllocationSchema,
    AllocationPage,
    AllocateInputSchema,
    ClaimKeyInputSchema,
    JoinPeerSchema,
    JoinPeerPage,
  ]);
  addSteps(server, attachments);
  addUpkeep(server, attachments);
}

function addSteps(server: FastifyInstance, attachments: Attachments): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const allocate = { tags, summary: 'Allocate an address, or renew it', operationId: 'allocateAddress' };
  app.put(
    path,
    {
      schema: {
        ...allocate,
        params: Params,
        body: refTo(AllocateInputSchema),
        response: { 200: refTo(AllocationSchema) },
      },
    },
    async ({ params, body }) => attachments.allocateAddress(params.name, body),
  );
  const claim = { tags, summary: 'Register a public key for the address', operationId: 'claimKey' };
  app.put(
    `${path}/key`,
    {
      schema: {
        ...claim,
        params: Params,
        body: refTo(ClaimKeyInputSchema),
        response: { 200: refTo(AllocationSchema) },
      },
    },
    async ({ params, body }) => attachments.claimKey(params.name, body),
  );
  const peers = { tags, summary: 'The peers to configure', operationId: 'joinPeers' };
  app.get(
    `${path}/peers`,
    { schema: { ...peers, params: Params, response: { 200: refTo(JoinPeerPage) } } },
    async ({ params }) => pageOf(attachments.joinPeers(params.name), ({ publicKey }) => publicKey, {}),
  );
}

function addUpkeep(server: FastifyInstance, attachments: Attachments): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const list = { tags, summary: 'List joined addresses', operationId: 'listAddresses' };
  app.get(
    '/v1/addresses',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(AllocationPage) } } },
    async ({ query }) => pageOf(attachments.listAddresses(), ({ name }) => name, query),
  );
  const remove = { tags, summary: 'Release an address; succeeds when there is none', operationId: 'releaseAddress' };
  app.delete(
    path,
    { schema: { ...remove, params: Params, response: { 204: Type.Null({ description: 'done' }) } } },
    async ({ params }, reply) => {
      await attachments.releaseAddress(params.name);
      return reply.code(204).send(null);
    },
  );
}
