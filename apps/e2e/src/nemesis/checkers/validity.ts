/** A fault that hit nothing shows nothing: a run that was idle before it does not count. */
import type { FaultEvent } from '../history/event.ts';

/** Operations per second that a run must have had before the fault. */
export const leastRatePerSec = 20;

/** Why a fault does not count, or undefined when it does. */
export function whyInvalid({ ratePerSec, inFlight }: FaultEvent): string | undefined {
  if (ratePerSec < leastRatePerSec) return `only ${ratePerSec.toFixed(1)} operations a second before it`;
  if (inFlight === 0) return 'nothing was in flight';
  return undefined;
}
