/** How long a request may go on: until its deadline, and while its caller holds the connection. */
import type { Clock } from '@wgcni/base';
import type { FastifyReply } from 'fastify';
import type { RequestLimits } from '../attachments/deps.ts';

/** Limits that begin now; the signal aborts when the connection closes before the answer is written. */
export function limitsOf(reply: FastifyReply, clock: Clock, deadlineMs: number): RequestLimits {
  const closed = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) closed.abort(new Error('the caller closed the connection'));
  });
  return { signal: closed.signal, deadlineAt: clock.monotonicMs() + deadlineMs };
}
