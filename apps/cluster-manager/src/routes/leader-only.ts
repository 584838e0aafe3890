/** A handler that runs at the leader: here when this replica leads, otherwise there, forwarded once. */
import { forwardedHeader } from '@wgcni/api/server';
import { CatalogueError, toCatalogueError } from '@wgcni/base';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Replica } from '../replica.ts';

/** Runs `work` at the leader. Throws CatalogueError `leader.forwarded` for a request that was forwarded to a replica which does not lead. */
export async function atLeader<T>(
  replica: Replica,
  request: FastifyRequest,
  reply: FastifyReply,
  work: () => Promise<T>,
): Promise<T> {
  if (replica.election.leadership !== undefined) return work();
  if (isForwarded(request.headers)) {
    throw new CatalogueError('leader.forwarded', `replica ${replica.id} was taken for the leader, and is not`, {
      remedy: 'try again in a second',
    });
  }
  const answer = await replica.forwarder.pass({
    method: request.method as 'PUT' | 'POST' | 'PATCH' | 'DELETE',
    url: request.url,
    body: request.body,
    ifMatch: request.headers['if-match'],
    caller: request.caller,
    callerKey: request.callerKey,
  });
  // The leader has made this text by the same schemas: it is not made again.
  await reply.code(answer.status).headers(answer.headers).type(answer.contentType).serializer(asItIs).send(answer.body);
  return reply as T;
}

/** The same, for a write by a person, which is logged with who, what and revision. */
export async function audited<T>(
  replica: Replica,
  request: FastifyRequest,
  what: string,
  work: () => Promise<T>,
): Promise<T> {
  const fields = { caller: request.caller, method: request.method, url: request.url };
  try {
    const result = await work();
    replica.log.info({ ...fields, revision: replica.state.revision }, `audit.${what}`);
    return result;
  } catch (error) {
    replica.log.info({ ...fields, refused: toCatalogueError(error).code }, `audit.${what}`);
    throw error;
  }
}

/** Whether another replica has passed this on. */
export function isForwarded(headers: FastifyRequest['headers']): boolean {
  return headers[forwardedHeader] !== undefined;
}

function asItIs(payload: unknown): string {
  return payload as string;
}
