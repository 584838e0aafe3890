/** Who asks: known before anything of a request is read, by the way it came in, and refused with nothing but a code. */
import { callerHeader, forwardedHeader, judgeCaller, operationOf, refuseCaller } from '@wgcni/api/server';
import type { Log } from '@wgcni/base';
import { formatIdentity, type Identity } from '@wgcni/pki';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { mayDo } from '../authorization/permissions.ts';
import type { Entrances } from '../serve/entrances.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks over TCP, for the log; empty for what comes on the socket. */
    caller: string;
  }
}

/** What comes in where root alone can is done; any other caller shows a certificate that may. What they change is logged: `audit.*`. */
export function knowCallers(app: FastifyInstance, entrances: Entrances, log: Log): void {
  app.decorateRequest('caller', '');
  app.addHook('onRequest', async (request, reply) => {
    if (entrances.isTrusted(request.raw.socket)) return undefined;
    return admit(entrances, log, request, reply);
  });
  app.addHook('onResponse', async (request, { statusCode }) => {
    const { caller, method, url } = request;
    if (caller === '' || method === 'GET' || method === 'HEAD') return;
    log.info({ caller, method, url, status: statusCode }, `audit.${operationOf(request)}`);
  });
}

async function admit(
  { secure, cluster, clock }: Entrances,
  log: Log,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  // FENCE: a connection of which nobody has said whose it is, is nobody's.
  const judged =
    secure === undefined
      ? { identity: undefined, why: 'no connection of this server' }
      : judgeCaller({ secure, cluster, clock }, request, reply);
  if (judged.identity === undefined)
    return refuseCaller(log, request, reply, { code: 'identity.missing', why: judged.why, caller: null });
  const caller = formatIdentity(judged.identity);
  const why = whyNot(judged.identity, request);
  if (why !== undefined) return refuseCaller(log, request, reply, { code: 'identity.refused', why, caller });
  request.caller = caller;
  return undefined;
}

/** Why a request is refused to whom we know; undefined when it is not. */
function whyNot(caller: Identity, request: FastifyRequest): string | undefined {
  const { headers, is404 } = request;
  if (headers[forwardedHeader] !== undefined || headers[callerHeader] !== undefined) return 'nobody forwards to a node';
  // What is not there may be asked for by any person.
  const isAllowed = is404 ? caller.kind === 'operator' : mayDo(caller, operationOf(request));
  return isAllowed ? undefined : `not allowed to do ${is404 ? 'anything' : operationOf(request)}`;
}
