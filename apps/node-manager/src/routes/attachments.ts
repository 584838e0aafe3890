/** Whole attachments over REST, for the CNI plugin. */
import {
  AttachInputSchema,
  AttachmentParams,
  AttachmentSchema,
  AttemptText,
  CheckInputSchema,
  CollectedSchema,
  CollectInputSchema,
  Name,
  PageOf,
  PageQuery,
} from '@wgcni/api';
import type { Clock } from '@wgcni/base';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import { Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';
import type { Attachments } from '../attachments/attachments.ts';
import { keyText } from '../attachments/record.ts';
import { limitsOf } from './request-limits.ts';
import { knowSchemas, refTo, pageOf } from '@wgcni/api/server';

const path = '/v1/attachments/:network/:containerId/:ifName';
const tags = ['attachments'];
const done = { 204: Type.Null({ description: 'done' }) };

const AttachmentPage = PageOf(refTo(AttachmentSchema), 'AttachmentPage');
const NetworkParams = Type.Object({ network: Name }, { additionalProperties: false });
const ReleaseQuery = Type.Object(
  {
    netns: Type.Optional(
      Type.String({ pattern: '^/', maxLength: 4096, description: 'helps only when the record was lost' }),
    ),
    queuedAt: Type.Optional(
      Type.String({
        pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z$',
        description: 'when the deletion began; what was attached later stays',
      }),
    ),
    bootId: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 36,
        description: 'the boot in which queuedAt was; by default the present one',
      }),
    ),
    uptimeMs: Type.Optional(
      Type.Number({
        minimum: 0,
        description:
          'the instant of queuedAt on the CLOCK_MONOTONIC of bootId; it decides where the record is of that boot',
      }),
    ),
    attempt: Type.Optional(AttemptText),
  },
  { additionalProperties: false, description: 'with `attempt`, what another ADD attached stays' },
);
const AnsweredQuery = Type.Object({ attempt: Type.Optional(AttemptText) }, { additionalProperties: false });

/** ADD, DEL, CHECK, GC and lists. Errors are thrown as CatalogueError for the server to answer. */
export function attachmentRoutes(server: FastifyInstance, attachments: Attachments, clock: Clock): void {
  knowSchemas(server, [
    AttachmentSchema,
    AttachmentPage,
    AttachInputSchema,
    CheckInputSchema,
    CollectInputSchema,
    CollectedSchema,
  ]);
  addReads(server, attachments);
  addLife(server, attachments, clock);
  addChecks(server, attachments);
}

function addReads(server: FastifyInstance, attachments: Attachments): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const list = { tags, summary: 'List attachments', operationId: 'listAttachments' };
  app.get(
    '/v1/attachments',
    { schema: { ...list, querystring: PageQuery, response: { 200: refTo(AttachmentPage) } } },
    async ({ query }) => pageOf(attachments.list(), keyText, query),
  );
  const show = { tags, summary: 'Show one attachment', operationId: 'getAttachment' };
  app.get(
    path,
    { schema: { ...show, params: AttachmentParams, response: { 200: refTo(AttachmentSchema) } } },
    async ({ params }) => attachments.get(params),
  );
}

function addLife(server: FastifyInstance, attachments: Attachments, clock: Clock): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const add = { tags, summary: 'Attach a container (CNI ADD)', operationId: 'attach' };
  app.put(
    path,
    {
      schema: {
        ...add,
        params: AttachmentParams,
        body: refTo(AttachInputSchema),
        response: { 200: refTo(AttachmentSchema) },
      },
    },
    async ({ params, body }, reply) => attachments.attach(params, body, limitsOf(reply, clock, body.deadlineMs)),
  );
  const answered = { tags, summary: 'The runtime has the result', operationId: 'answered' };
  app.post(
    `${path}/answered`,
    { schema: { ...answered, params: AttachmentParams, querystring: AnsweredQuery, response: done } },
    async ({ params, query }, reply) => {
      await attachments.answered(params, query);
      return reply.code(204).send(null);
    },
  );
  const remove = {
    tags,
    summary: 'Detach a container (CNI DEL); succeeds when there is nothing',
    operationId: 'detach',
  };
  app.delete(
    path,
    { schema: { ...remove, params: AttachmentParams, querystring: ReleaseQuery, response: done } },
    async ({ params, query }, reply) => {
      await attachments.release(params, query);
      return reply.code(204).send(null);
    },
  );
}

function addChecks(server: FastifyInstance, attachments: Attachments): void {
  const app = server.withTypeProvider<TypeBoxTypeProvider>();
  const check = { tags, summary: 'Check an attachment (CNI CHECK)', operationId: 'checkAttachment' };
  app.post(
    `${path}/check`,
    { schema: { ...check, params: AttachmentParams, body: refTo(CheckInputSchema), response: done } },
    async ({ params, body }, reply) => {
      await attachments.check(params, body);
      return reply.code(204).send(null);
    },
  );
  const collect = { tags, summary: 'Remove what is not valid (CNI GC)', operationId: 'collectAttachments' };
  app.post(
    '/v1/networks/:network/gc',
    {
      schema: {
        ...collect,
        params: NetworkParams,
        body: refTo(CollectInputSchema),
        response: { 200: refTo(CollectedSchema) },
      },
    },
    async ({ params, body }) => attachments.collect(params.network, body),
  );
}
