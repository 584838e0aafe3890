/** The page for people: one document, of no more than what is asked of `/v1` by its script. */
import { CatalogueError } from '@wgcni/base';
import type { FastifyInstance } from 'fastify';
import { contentPolicy } from '../page/content-policy.ts';
import type { Replica } from '../replica.ts';

/** GET /ui/, which is no operation of the API and in the table of permissions by its path. */
export function pageRoutes(app: FastifyInstance, { page }: Replica): void {
  const policy = page === undefined ? '' : contentPolicy(page);
  app.get('/ui/', { schema: { hide: true } }, async (_, reply) => {
    if (page === undefined)
      throw new CatalogueError('route.unknown', 'the page is not in this program: it runs from its sources', {
        remedy: 'run the built cluster-manager, or make build',
      });
    return reply
      .type('text/html; charset=utf-8')
      .headers({
        'content-security-policy': policy,
        'cache-control': 'no-cache',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      })
      .send(page);
  });
}
