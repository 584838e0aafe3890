/** The machine's clocks for contact: boot id, time since boot with suspension, wall clock. */
import type { Clock } from '@wgcni/base';
import { uptime } from 'node:os';
import type { Instant } from './contact.ts';

/** Reads the clocks; `bootId` is that of the running boot. */
export function instantReader(clock: Pick<Clock, 'wallMs'>, bootId: string): () => Instant {
  return () => ({ bootId, uptimeMs: uptime() * 1_000, wallMs: clock.wallMs() });
}
