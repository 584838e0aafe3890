/** Delays between tries: exponential with full jitter, so that many nodes do not return at the same instant. */
import type { Random } from './random.ts';

export interface BackoffOptions {
  firstMs: number;
  /** Upper bound of one delay. */
  maxMs: number;
}

/** The delay in milliseconds before try number `attempt` (0 is the first retry): between half and all of the bound. */
export function backoffMs(attempt: number, options: BackoffOptions, random: Random): number {
  const bound = Math.min(options.maxMs, options.firstMs * 2 ** Math.min(attempt, 30));
  return bound * (0.5 + random.unit() / 2);
}
