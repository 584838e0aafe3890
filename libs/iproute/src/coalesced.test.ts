/** Many rings, one yield. */
import { describe, expect, it } from 'vitest';
import { coalesced } from './coalesced.ts';

describe('coalesced', () => {
  it('yields once for rings within the time, again for later ones, and stops the ringer at the end', async () => {
    const stop = new AbortController();
    let ring = (): void => {};
    let isStopped = false;
    const ringer = (given: () => void) => {
      ring = given;
      return () => (isStopped = true);
    };
    const stream = coalesced(ringer, 10, stop.signal);
    const first = stream.next();
    ring();
    ring();
    expect((await first).done).toBe(false);
    const second = stream.next();
    let isYielded = false;
    void second.then(() => (isYielded = true));
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(isYielded).toBe(false);
    ring();
    expect((await second).done).toBe(false);
    const last = stream.next();
    stop.abort();
    expect((await last).done).toBe(true);
    expect(isStopped).toBe(true);
  });

  it('does not lose a ring that comes while its reader is busy', async () => {
    const stop = new AbortController();
    let ring = (): void => {};
    const stream = coalesced((given) => ((ring = given), () => {}), 1, stop.signal);
    const first = stream.next();
    ring();
    await first;
    ring();
    expect((await stream.next()).done).toBe(false);
    stop.abort();
    expect((await stream.next()).done).toBe(true);
  });
});
