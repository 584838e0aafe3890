/** How long a request may go on: until its deadline, and while its caller holds the connection. */
import type { Clock } from '@wgcni/base';
import type { FastifyReply } from 'fastify';
import type { RequestLimits } from '../attachments/deps.ts';

/** Limits that begin now; the signal aborts when the connection closes before the answer is written. */
export function limitsOf(reply: FastifyReply, clock: Clock, deadlineMs: number): RequestLimits {
  const closed = new AbortController();
  const abort = (): void => closed.abort(new Error('the caller closed the connection'));
  reply.raw.once('close', abort);
  // 'finish' comes before 'close', once the answer has been handed to the system.
  reply.raw.once('finish', () => reply.raw.off('close', abort));
  return { signal: closed.signal, deadlineAt: clock.monotonicMs() + deadlineMs };
}
