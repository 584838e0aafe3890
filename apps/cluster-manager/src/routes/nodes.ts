/** Nodes over REST: register, renew, release, list, drain, delete, forget, and the peers of one. */
import {
  NodeIdText,
  NodeSchema,
  PageOf,
  PageQuery,
  PeerSchema,
  RegisterInputSchema,
  RegistrationSchema,
  ReleaseInputSchema,
  RenewalSchema,
  RenewInputSchema,
  NetworkSchema,
  PoolSchema,
  GrantSchema,
} from '@wgcni/api';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { admitNode, deleteNode, forgetNode, release, setDraining, unknownNode } from '../registry/leave.ts';
import { register, type RegisteringCaller } from '../registry/register.ts';
import { renew } from '../registry/renew.ts';
import { showNode, showNodes, showPeers } from '../registry/show-node.ts';
import type { Replica } from '../replica.ts';
import { atLeader, audited } from './leader-only.ts';
import { knowSchemas, refTo, pageOf } from '@wgcni/api/server';

const tags = ['nodes'];
const path = '/v1/nodes/:nodeId';
const params = Type.Object({ nodeId: NodeIdText }, { additionalProperties: false });
const done = { 204: Type.Null({ description: 'done' }) };
const NodePage = PageOf(refTo(NodeSchema), 'NodePage');
const PeerPage = PageOf(refTo(PeerSchema), 'PeerPage');
const DeleteQuery = Type.Object(
  {
    force: Type.Optional(
      Type.Boolean({
        description: 'also when it is still registered; its subnets stay reserved until it has let go of them',
      }),
    ),
  },
  { additionalProperties: false },
);

/** Errors are thrown as CatalogueError for the server to answer. */
export function nodeRoutes(server: FastifyInstance, replica: Replica): void {
  knowSchemas(server, [
    GrantSchema,
    PoolSchema,
    NetworkSchema,
    NodeSchema,
    NodePage,
    PeerSchema,
    PeerPage,
    RegisterInputSchema,
    RegistrationSchema,
    RenewInputSchema,
    RenewalSchema,
    ReleaseInputSchema,
  ]);
  addReads(server, replica);
  addSelf(server, replica);
  addOperations(server, replica);
}

function addReads(server: FastifyInstance, { state }: Replica): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const list = { tags, summary: 'List nodes with their liveness', operationId: 'listNodes' };
  app.get(
    '/v1/nodes',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(NodePage) } } },
    async ({ query }) => pageOf(showNodes(state), ({ nodeId }) => nodeId, { ...query, revision: state.revision }),
  );
  const show = { tags, summary: 'Show one node', operationId: 'getNode' };
  app.get(
    path,
    { schema: { ...show, params, response: { 200: refTo(NodeSchema) } } },
    async ({ params: { nodeId } }, reply) => {
      const node = state.nodeOf(nodeId);
      const shown =
        node === undefined ? showNodes(state).find((each) => each.nodeId === nodeId) : showNode(state, node.record);
      if (shown === undefined) throw unknownNode(nodeId);
      reply.header('etag', `"${shown.revision}"`);
      return shown;
    },
  );
  const peers = { tags, summary: 'List the peers of a node', operationId: 'listPeers' };
  app.get(
    `${path}/peers`,
    { schema: { ...peers, params, querystring: PageQuery, response: { 200: refTo(PeerPage) } } },
    async ({ params: { nodeId }, query }) => {
      if (state.nodeOf(nodeId) === undefined) throw unknownNode(nodeId);
      return pageOf(showPeers(state, nodeId), (peer) => peer.nodeId, { ...query, revision: state.revision });
    },
  );
}

/** What a node does for itself. */
function addSelf(server: FastifyInstance, replica: Replica): void {
  const { writer, recovery } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const put = {
    tags,
    summary: 'Register a node and grant it subnets; repeating it is safe',
    operationId: 'registerNode',
  };
  app.put(
    path,
    { schema: { ...put, params, body: refTo(RegisterInputSchema), response: { 200: refTo(RegistrationSchema) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, () =>
        register({ writer, recovery }, request.params.nodeId, request.body, registering(request)),
      ),
  );
  const renewal = { tags, summary: 'Renew a registration, at any replica', operationId: 'renewRegistration' };
  app.post(
    `${path}/renewal`,
    { schema: { ...renewal, params, body: refTo(RenewInputSchema), response: { 200: refTo(RenewalSchema) } } },
    async ({ params: { nodeId }, body }) => renew(replica, nodeId, body),
  );
  const letGo = { tags, summary: 'Release grants of which nothing is in use any more', operationId: 'releaseGrants' };
  app.post(
    `${path}/release`,
    { schema: { ...letGo, params, body: refTo(ReleaseInputSchema), response: done } },
    async (request, reply) =>
      atLeader(replica, request, reply, async () => {
        await release(writer, request.params.nodeId, request.body);
        return reply.code(204).send(null);
      }),
  );
}

/** Without TLS there is nobody who has shown anything. */
function registering({ isKnown, callerKey }: FastifyRequest): RegisteringCaller | undefined {
  return isKnown ? { keyDigest: callerKey } : undefined;
}

/** What a person does. */
function addOperations(server: FastifyInstance, replica: Replica): void {
  const { writer } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  for (const [method, draining] of [
    ['PUT', true],
    ['DELETE', false],
  ] as const) {
    const drain = {
      tags,
      summary: draining ? 'Give a node no new attachments' : 'Let a node take attachments again',
      operationId: draining ? 'drainNode' : 'undrainNode',
    };
    app.route({
      method,
      url: `${path}/drain`,
      schema: { ...drain, params, response: { 200: refTo(NodeSchema) } },
      handler: async (request, reply) =>
        atLeader(replica, request, reply, () =>
          audited(replica, request, drain.operationId, () => setDraining(writer, request.params.nodeId, draining)),
        ),
    });
  }
  const remove = { tags, summary: 'Take a node out of the mesh', operationId: 'deleteNode' };
  app.delete(
    path,
    { schema: { ...remove, params, querystring: DeleteQuery, response: done } },
    async (request, reply) =>
      atLeader(replica, request, reply, async () => {
        await audited(replica, request, 'deleteNode', () =>
          deleteNode(writer, request.params.nodeId, request.query.force ?? false),
        );
        return reply.code(204).send(null);
      }),
  );
  const admit = {
    tags,
    summary: 'Take the certificates of a deleted node again, of the key by which it was known last',
    operationId: 'admitNode',
  };
  app.post(`${path}/admit`, { schema: { ...admit, params, response: done } }, async (request, reply) =>
    atLeader(replica, request, reply, async () => {
      await audited(replica, request, 'admitNode', () => admitNode(writer, request.params.nodeId));
      return reply.code(204).send(null);
    }),
  );
  const forget = {
    tags,
    summary: 'Release the subnets of a silent node before its hold-down ends',
    operationId: 'forgetNode',
  };
  app.post(`${path}/forget`, { schema: { ...forget, params, response: done } }, async (request, reply) =>
    atLeader(replica, request, reply, async () => {
      await audited(replica, request, 'forgetNode', () => forgetNode(writer, request.params.nodeId));
      return reply.code(204).send(null);
    }),
  );
}
