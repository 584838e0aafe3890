/** The machine's clocks for contact: boot id, time since boot with suspension, wall clock. */
import type { Clock } from '@wgcni/base';
import { uptime } from 'node:os';
import type { Instant } from './contact.ts';

/** Milliseconds since boot, suspended time included: a hold-down goes on while the machine sleeps. */
export function sinceBootMs(): number {
  return uptime() * 1_000;
}

/** Reads the clocks; `bootId` is that of the running boot, `uptimeMs` counts from it. */
export function instantReader(clock: Pick<Clock, 'wallMs'>, bootId: string, uptimeMs: () => number): () => Instant {
  return () => ({ bootId, uptimeMs: uptimeMs(), wallMs: clock.wallMs() });
}
