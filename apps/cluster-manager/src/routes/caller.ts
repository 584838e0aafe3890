/** Who asks: known before anything of a request is read, and refused with nothing but a code. */
import { callerHeader, forwardedHeader, judgeCaller, operationOf, refuseCaller, type Refusal } from '@wgcni/api/server';
import { formatIdentity, type SecureServer } from '@wgcni/pki';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { callerOf, type Way } from '../authorization/caller.ts';
import { mayDo } from '../authorization/permissions.ts';
import type { Replica } from '../replica.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, for the log and for the leader. */
    caller: string;
  }
}

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
  const judged = judgeCaller({ secure, cluster, clock }, request, reply);
  const refuse = (code: Refusal['code'], why: string, caller: string | null): FastifyReply =>
    refuseCaller(log, request, reply, { code, why, caller });
  if (judged.identity === undefined) return refuse('identity.missing', judged.why, null);
  const caller = callerOf(judged.identity, wayOf(request));
  if (caller.identity === undefined) return refuse('identity.refused', caller.why, formatIdentity(judged.identity));
  request.caller = formatIdentity(caller.identity);
  const { nodeId } = request.params as { nodeId?: string };
  // What is not there may be asked for by anybody who is somebody.
  if (request.is404 || mayDo(caller.identity, operationOf(request), nodeId)) return undefined;
  return refuse('identity.refused', `not allowed to do ${operationOf(request)}`, request.caller);
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
