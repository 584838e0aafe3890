/** Who is at the other end of a request over TLS, and how those are refused who may not: with a code, and the same words for everybody. */
import { CatalogueError, type Clock, type ErrorCode, type Log, toProblem } from '@wgcni/base';
import { judgePeer, type Judgement, type SecureServer } from '@wgcni/pki';
import type { FastifyReply, FastifyRequest } from 'fastify';

const said = {
  'identity.missing': 'show a certificate of this cluster',
  'identity.refused': 'this certificate may not do that',
  'identity.deleted': 'this node was deleted from the cluster',
  'identity.replaced': 'this node has joined with another key',
  'token.refused': 'this token does not let this node join',
} as const satisfies Partial<Record<ErrorCode, string>>;

export interface Refusal {
  code: keyof typeof said;
  /** For our log alone. */
  why: string;
  /** Who it was, as far as that is known. */
  caller: string | null;
}

/** Who sent a request, by the certificate of its connection; a connection that must not go on ends with the answer. */
export function judgeCaller(
  { secure, cluster, clock }: { secure: SecureServer; cluster: string; clock: Pick<Clock, 'wallMs'> },
  request: FastifyRequest,
  reply: FastifyReply,
  /** A second judgement of who did not stand the first, where there is one. */
  { late = () => undefined }: { late?: () => Judgement | undefined } = {},
): Judgement {
  const peer = secure.peerOf(request.raw.socket);
  const judged: Judgement =
    peer === undefined
      ? { identity: undefined, why: 'no connection of this server' }
      : judgePeer(peer, cluster, clock.wallMs());
  // ORDER: the next request comes on a connection that is judged by the credentials of then.
  if (peer?.isOutdated !== false || judged.identity === undefined) void reply.header('connection', 'close');
  return judged.identity === undefined ? (late() ?? judged) : judged;
}

/** Answers a request that is refused, and logs why: `request.denied`. */
export function refuseCaller(
  log: Log,
  { method, url, ip }: FastifyRequest,
  reply: FastifyReply,
  { code, why, caller }: Refusal,
): FastifyReply {
  log.info({ method, url, ip, caller, code, why }, 'request.denied');
  reply.refusal = code;
  const problem = toProblem(new CatalogueError(code, said[code]));
  return reply.code(problem.status).header('content-type', 'application/problem+json').send(problem);
}

/** What a request asks for, by the name that the table of permissions has for it. */
export function operationOf({ routeOptions: { schema, url } }: FastifyRequest): string {
  return schema?.operationId ?? url ?? '';
}
