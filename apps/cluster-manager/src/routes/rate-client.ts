/** Whose requests are counted together: those from one address, until there are client certificates. */
import { clientOf, forwardedHeader } from '@wgcni/api/server';
import type { FastifyRequest } from 'fastify';

/** A replica speaks for all nodes that asked it: it may ask as often as this many of them, and each was counted there. */
const replicaShare = 20;

/** The client, and how many times the usual it may ask. A mark that somebody forges gets him no more than a replica has. */
export function rateClientOf({ ip, headers }: Pick<FastifyRequest, 'ip' | 'headers'>): {
  client: string;
  share?: number;
} {
  const client = clientOf(ip);
  return headers[forwardedHeader] === undefined ? { client } : { client: `replica ${client}`, share: replicaShare };
}
