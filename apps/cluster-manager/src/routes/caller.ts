/** Who asks: known before anything of a request is read, and refused with nothing but a code. */
import { CatalogueError, toProblem, type ErrorCode } from '@wgcni/base';
import { formatIdentity, judgePeer, type SecureServer } from '@wgcni/pki';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, type Way } from '../authorization/caller.ts';
import { mayDo } from '../authorization/permissions.ts';
import { callerHeader, forwardedHeader } from '../forward.ts';
import type { Replica } from '../replica.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, for the log and for the leader. */
    caller: string;
  }
}

/** What is said to those who are refused: the same to all of them. */
const said = {
  'identity.missing': 'show a certificate of this cluster',
  'identity.refused': 'this certificate may not do that',
} as const satisfies Partial<Record<ErrorCode, string>>;

/** With TLS every request is judged; without, everyone is anonymous and may do everything. */
export function knowCallers(app: FastifyInstance, replica: Replica, secure: SecureServer | undefined): void {
  app.decorateRequest('caller', '');
  app.addHook('onRequest', async (request, reply) => {
    if (secure === undefined) request.caller = unverified(request);
    else return admit(replica, secure, request, reply);
  });
}

async function admit(
  { cluster, clock, log }: Replica,
  secure: SecureServer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const peer = secure.peerOf(request.raw.socket);
  // ORDER: the next request comes on a connection that is judged by the credentials of then.
  if (peer?.isOutdated !== false) void reply.header('connection', 'close');
  const refuse = (code: keyof typeof said, why: string, caller: string | null): FastifyReply => {
    const { method, url, ip } = request;
    log.info({ method, url, ip, caller, code, why }, 'request.denied');
    const problem = toProblem(new CatalogueError(code, said[code]));
    return reply.code(problem.status).header('content-type', 'application/problem+json').send(problem);
  };
  const judged =
    peer === undefined
      ? { identity: undefined, why: 'no connection of this server' }
      : judgePeer(peer, cluster, clock.wallMs());
  if (judged.identity === undefined) {
    void reply.header('connection', 'close');
    return refuse('identity.missing', judged.why, null);
  }
  const caller = callerOf(judged.identity, wayOf(request));
  if (caller.identity === undefined) return refuse('identity.refused', caller.why, formatIdentity(judged.identity));
  request.caller = formatIdentity(caller.identity);
  const { nodeId } = request.params as { nodeId?: string };
  // What is not there may be asked for by anybody who is somebody.
  if (request.is404 || mayDo(caller.identity, operationOf(request), nodeId)) return undefined;
  return refuse('identity.refused', `not allowed to do ${operationOf(request)}`, request.caller);
}

function operationOf({ routeOptions: { schema, url } }: FastifyRequest): string {
  return schema?.operationId ?? url ?? '';
}

function wayOf({ headers }: FastifyRequest): Way {
  const [forwardedBy, caller] = [headers[forwardedHeader], headers[callerHeader]];
  return { forwardedBy: textOf(forwardedBy), caller: decoded(textOf(caller)) };
}

/** Of a forwarded request, whom the first replica saw; else an address. */
function unverified(request: FastifyRequest): string {
  const { forwardedBy, caller } = wayOf(request);
  return forwardedBy !== undefined && caller !== undefined ? caller : `anonymous@${request.ip}`;
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join() : header;
}

/** As it is when it was not encoded by a replica. */
function decoded(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}
