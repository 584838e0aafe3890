/** `GET /v1/events`, the same of both programs. */
import type { FastifyInstance } from 'fastify';
import { EventPageSchema, EventQuery, EventSchema } from '../../events.ts';
import { knowSchemas, refTo } from '../schema-ref.ts';
import type { EventRing } from './event-ring.ts';

/** Adds the route, under these tags of the document. */
export function eventRoutes(app: FastifyInstance, events: Pick<EventRing, 'listSoon'>, tags: string[]): void {
  knowSchemas(app, [EventSchema, EventPageSchema]);
  const list = { tags, summary: 'List what happened lately, or wait for it', operationId: 'listEvents' };
  app.get<{ Querystring: EventQuery }>(
    '/v1/events',
    { schema: { ...list, querystring: EventQuery, response: { 200: refTo(EventPageSchema) } } },
    async ({ query }, reply) => {
      const gone = new AbortController();
      // Nobody waits for an answer any more, or the server closes.
      reply.raw.once('close', () => gone.abort());
      return events.listSoon(query, gone.signal);
    },
  );
}
