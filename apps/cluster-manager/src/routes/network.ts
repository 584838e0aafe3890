/** The address plan over REST: network, pools, subnets. */
import {
  NetworkInputSchema,
  NetworkPatchSchema,
  NetworkSchema,
  PageOf,
  PageQuery,
  PoolSchema,
  PoolUseSchema,
  RuleSchema,
  SubnetSchema,
} from '@wgcni/api';
import { formatCidr, parseCidr } from '@wgcni/ipam';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import { growNetwork, putNetwork } from '../network/change-network.ts';
import { setOptions } from '../network/set-options.ts';
import { showNetwork, showPools } from '../network/show-network.ts';
import { showSubnet } from '../registry/show-node.ts';
import type { Replica } from '../replica.ts';
import { ifMatchOf } from './if-match.ts';
import { atLeader, audited } from './leader-only.ts';
import { knowSchemas, refTo, pageOf } from '@wgcni/api/server';

const tags = ['network'];
/** Bytes; all rules may be in it. */
const bodyLimit = 1_024 * 1_024;
const PoolUsePage = PageOf(refTo(PoolUseSchema), 'PoolUsePage');
const SubnetPage = PageOf(refTo(SubnetSchema), 'SubnetPage');
const PoolParams = Type.Object(
  { pool: Type.String({ maxLength: 43, description: 'CIDR with "-" for "/"', examples: ['10.80.0.0-12'] }) },
  { additionalProperties: false },
);
const PoolBody = Type.Object(
  { prefixLength: Type.Integer({ minimum: 1, maximum: 126 }) },
  { $id: 'PoolInput', additionalProperties: false },
);

/** Any replica creates the network; what changes one that is there is done at the leader. */
export function networkRoutes(server: FastifyInstance, replica: Replica): void {
  const { state, writer } = replica;
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  knowSchemas(server, [
    PoolSchema,
    RuleSchema,
    NetworkSchema,
    NetworkInputSchema,
    NetworkPatchSchema,
    PoolUseSchema,
    PoolUsePage,
    SubnetSchema,
    SubnetPage,
    PoolBody,
  ]);
  const show = { tags, summary: 'Show the network', operationId: 'getNetwork' };
  app.get('/v1/network', { schema: { ...show, response: { 200: refTo(NetworkSchema) } } }, async (_, reply) => {
    const network = showNetwork(state.theNetwork());
    reply.header('etag', `"${network.revision}"`);
    return network;
  });
  const create = {
    tags,
    summary: 'Create the network, or restore it under the id that its nodes know',
    operationId: 'putNetwork',
  };
  app.put(
    '/v1/network',
    { bodyLimit, schema: { ...create, body: refTo(NetworkInputSchema), response: { 200: refTo(NetworkSchema) } } },
    async (request) => audited(replica, request, 'putNetwork', () => putNetwork(replica, request.body)),
  );
  const patch = { tags, summary: 'Change options of the network', operationId: 'patchNetwork' };
  app.patch(
    '/v1/network',
    { bodyLimit, schema: { ...patch, body: refTo(NetworkPatchSchema), response: { 200: refTo(NetworkSchema) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, () =>
        audited(replica, request, 'patchNetwork', async () => {
          const network = await setOptions(writer, request.body, ifMatchOf(request.headers['if-match']));
          reply.header('etag', `"${network.revision}"`);
          return network;
        }),
      ),
  );
  const pools = { tags, summary: 'List pools with their use', operationId: 'listPools' };
  app.get(
    '/v1/pools',
    { schema: { ...pools, querystring: PageQuery, response: { 200: refTo(PoolUsePage) } } },
    async ({ query }) => pageOf(sorted(showPools(state)), ({ cidr }) => cidr, { ...query, revision: state.revision }),
  );
  const grow = { tags, summary: 'Grow the network by a pool', operationId: 'putPool' };
  app.put(
    '/v1/pools/:pool',
    { schema: { ...grow, params: PoolParams, body: refTo(PoolBody), response: { 200: refTo(NetworkSchema) } } },
    async (request, reply) =>
      atLeader(replica, request, reply, () => {
        const cidr = formatCidr(parseCidr(request.params.pool.replace('-', '/'), 'pool'));
        const pool = { cidr, prefixLength: request.body.prefixLength };
        return audited(replica, request, 'putPool', () =>
          growNetwork(writer, pool, ifMatchOf(request.headers['if-match'])),
        );
      }),
  );
  const subnets = { tags, summary: 'List subnets with their holders', operationId: 'listSubnets' };
  app.get(
    '/v1/subnets',
    { schema: { ...subnets, querystring: PageQuery, response: { 200: refTo(SubnetPage) } } },
    async ({ query }) =>
      pageOf(sorted(state.subnets.all().map((kept) => showSubnet(state, kept))), ({ cidr }) => cidr, {
        ...query,
        revision: state.revision,
      }),
  );
}

function sorted<T extends { cidr: string }>(items: T[]): T[] {
  return items.sort((one, other) => (one.cidr < other.cidr ? -1 : 1));
}
