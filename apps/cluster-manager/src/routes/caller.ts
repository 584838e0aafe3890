/** Who asks: known before anything of a request is read, and refused with nothing but a code. */
import {
  callerHeader,
  callerKeyHeader,
  forwardedHeader,
  judgeCaller,
  operationOf,
  refuseCaller,
  type Refusal,
} from '@wgcni/api/server';
import { CatalogueError } from '@wgcni/base';
import { formatIdentity, type Identity, judgeLate, type Judgement, readBearer, type SecureServer } from '@wgcni/pki';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { refusalOf, standingOf } from '../authorization/admission.ts';
import { certificateLifeMs, livesHoldDowns } from '../registry/issue.ts';
import { callerOf, type Way } from '../authorization/caller.ts';
import { mayDo } from '../authorization/permissions.ts';
import type { Replica } from '../replica.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks, for the log and for the leader. */
    caller: string;
    /** Whether the caller has shown a certificate. */
    isKnown: boolean;
    /** SHA-256 of the key of the caller's certificate; absent without one. */
    callerKey: string | undefined;
  }
}

/** The one operation by which somebody without a certificate gets one: its token is judged where it is used. */
const joining = 'joinNode';
/** The one operation for which a certificate may have ended. */
const renewing = 'renewCertificate';
/** The one operation of a deleted node: it says that nothing of its subnets is in use any more (design §5), and is told nothing. */
const evacuated = 'releaseGrants';

/** With TLS every request is judged; without, everyone is anonymous and may do everything. */
export function knowCallers(app: FastifyInstance, replica: Replica, secure: SecureServer | undefined): void {
  app.decorateRequest('caller', '');
  app.decorateRequest('callerKey', undefined);
  app.decorateRequest('isKnown', false);
  app.addHook('onRequest', async (request, reply) => {
    if (secure === undefined) request.caller = unverified(request);
    else return admit(replica, secure, request, reply);
  });
}

async function admit(
  replica: Replica,
  secure: SecureServer,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply | undefined> {
  const { cluster, clock, log } = replica;
  const refuse = (code: Refusal['code'], why: string, caller: string | null): FastifyReply =>
    refuseCaller(log, request, reply, { code, why, caller });
  const operation = request.is404 ? '' : operationOf(request);
  if (operation === joining) return admitByToken(request, refuse);
  const peer = secure.peerOf(request.raw.socket);
  const judged = judgeCaller({ secure, cluster, clock }, request, reply, {
    late: () => (operation === renewing ? lateJudgement(replica, secure, request) : undefined),
  });
  if (judged.identity === undefined) return refuse('identity.missing', judged.why, null);
  const caller = callerOf(judged.identity, wayOf(request));
  if (caller.identity === undefined) return refuse('identity.refused', caller.why, formatIdentity(judged.identity));
  request.caller = formatIdentity(caller.identity);
  request.isKnown = true;
  // FENCE: believed of a manager alone, as the caller is: `callerOf` has seen to that.
  const isForwarded = caller.identity !== judged.identity;
  request.callerKey = isForwarded ? textOf(request.headers[callerKeyHeader]) : peer?.keyDigest;
  const barred = barredBy(replica, caller.identity, request.callerKey);
  if (barred !== undefined && !(barred === 'identity.deleted' && operation === evacuated))
    return refuse(barred, 'what the cluster has decided of this node', request.caller);
  const { nodeId } = request.params as { nodeId?: string };
  // What is not there may be asked for by anybody who is somebody.
  if (request.is404 || mayDo(caller.identity, operation, nodeId)) return undefined;
  return refuse('identity.refused', `not allowed to do ${operation}`, request.caller);
}

/** FENCE: a request to join is never forwarded: only who is at the other end has the token. */
function admitByToken(
  request: FastifyRequest,
  refuse: (code: Refusal['code'], why: string, caller: string | null) => FastifyReply,
): FastifyReply | undefined {
  const token = readBearer(request.headers.authorization);
  if (token === undefined) return refuse('token.refused', 'it shows no token', null);
  request.caller = `token ${token.id}`;
  return undefined;
}

/** A certificate that ended less than a seventh of its life ago, which is a hold-down or more: an outage of us all must not lock nodes out. */
function lateJudgement(
  { cluster, clock, state }: Replica,
  secure: SecureServer,
  request: FastifyRequest,
): Judgement | undefined {
  const certificate = secure.peerOf(request.raw.socket)?.certificate;
  const hasNetwork = state.network.get(state.keys.network) !== undefined;
  if (certificate === undefined || !hasNetwork) return { identity: undefined, why: 'no certificate' };
  const graceMs = certificateLifeMs(state) / livesHoldDowns;
  const judged = judgeLate(certificate, { authorities: secure.authorities, cluster, wallMs: clock.wallMs(), graceMs });
  // Nobody else has anything to renew here.
  return judged.identity === undefined || judged.identity.kind === 'node' ? judged : undefined;
}

/** FENCE: what the cluster has decided of a node holds against every certificate of it. */
function barredBy({ state }: Replica, identity: Identity, keyDigest: string | undefined): Refusal['code'] | undefined {
  if (identity.kind !== 'node') return undefined;
  const standing = standingOf(state.admissionOf(identity.nodeId)?.record, keyDigest);
  return standing === 'admitted' ? undefined : refusalOf(standing);
}

/** The digest of the key that a node has shown on this very connection. Throws CatalogueError `identity.refused` when it has shown none. */
export function shownKeyOf({ callerKey }: FastifyRequest): string {
  if (callerKey !== undefined) return callerKey;
  throw new CatalogueError('identity.refused', 'this certificate may not do that');
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
