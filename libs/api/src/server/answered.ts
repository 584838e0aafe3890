/** Tells of each request how long its answer took, by what it asked for and how that ended. */
import type { FastifyInstance } from 'fastify';
import { Durations } from './health/meter.ts';

export interface Answered {
  /** The operation's name in the OpenAPI document; `none` where no such path is. */
  operation: string;
  status: number;
  /** The caller hung up before it had the whole answer. */
  isCut: boolean;
  /** Milliseconds from the request's head to the end of the answer. */
  ms: number;
}

/** Calls `told` after each answer; documents of the surface itself are not told of. */
export function tellAnswers(app: FastifyInstance, told: (answered: Answered) => void): void {
  app.addHook('onResponse', async (request, reply) => {
    const { schema } = request.routeOptions;
    if (schema?.hide === true) return;
    const operation = schema?.operationId ?? 'none';
    told({ operation, status: reply.statusCode, isCut: !reply.raw.writableEnded, ms: reply.elapsedTime });
  });
}

/** The same as a metric: `status` is `2xx` and so on, or `cut`. */
export class AnswerTimes extends Durations<'operation' | 'status'> {
  constructor() {
    super('wgcni_request_duration_seconds', 'from a request to the end of its answer', ['operation', 'status']);
  }

  take({ operation, status, isCut, ms }: Answered): void {
    this.observe({ operation, status: isCut ? 'cut' : `${Math.floor(status / 100)}xx` }, ms);
  }
}
