/** Whose requests are counted together: those of one certificate, by whatever connections and addresses; without one, those from one address. */
import { clientOf, forwardedHeader } from '@wgcni/api/server';
import { formatIdentity, judgePeer, type Judgement, type SecureServer } from '@wgcni/pki';
import type { FastifyRequest } from 'fastify';
import type { Replica } from '../replica.ts';

/** A replica speaks for all nodes that asked it: it may ask as often as this many of them, and each was counted there. */
const replicaShare = 20;

interface RateClient {
  client: string;
  /** How many times the usual it may ask. */
  share?: number;
}

/** How a server finds the client of a request; `secure` is undefined without TLS. */
export function rateClients(
  { cluster, clock }: Pick<Replica, 'cluster' | 'clock'>,
  secure: SecureServer | undefined,
): (request: FastifyRequest) => RateClient {
  return (request) => {
    if (secure === undefined) return rateClientOf(request, undefined);
    const peer = secure.peerOf(request.raw.socket);
    const nobody: Judgement = { identity: undefined, why: 'no connection of this server' };
    return rateClientOf(request, peer === undefined ? nobody : judgePeer(peer, cluster, clock.wallMs()));
  };
}

/**
 * `judged` is who is at the other end by TLS, undefined without TLS. FENCE: the mark of a forwarded request is believed of a manager's certificate
 * alone; without TLS anybody can forge it, and has no more by it than a replica has.
 */
export function rateClientOf(
  { ip, headers }: Pick<FastifyRequest, 'ip' | 'headers'>,
  judged: Judgement | undefined,
): RateClient {
  const isForwarded = headers[forwardedHeader] !== undefined;
  if (judged === undefined)
    return isForwarded ? { client: `replica ${clientOf(ip)}`, share: replicaShare } : { client: clientOf(ip) };
  const { identity } = judged;
  if (identity === undefined) return { client: clientOf(ip) };
  const client = formatIdentity(identity);
  return identity.kind === 'manager' && isForwarded ? { client, share: replicaShare } : { client };
}
