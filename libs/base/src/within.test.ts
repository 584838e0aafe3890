/** Work with a bound: on the clock that was given, with nothing left behind. */
import { describe, expect, it } from 'vitest';
import type { Clock } from './clock.ts';
import { within } from './within.ts';

/** A clock whose sleepers wake when the test says so. */
function heldClock(): { clock: Clock; sleeping: { ms: number; wake: () => void }[] } {
  const sleeping: { ms: number; wake: () => void }[] = [];
  const sleep: Clock['sleep'] = (ms, signal) =>
    new Promise((resolve, reject) => {
      const sleeper = { ms, wake: resolve };
      sleeping.push(sleeper);
      signal?.addEventListener('abort', () => {
        sleeping.splice(sleeping.indexOf(sleeper), 1);
        reject(new Error('aborted'));
      });
    });
  return { clock: { monotonicMs: () => 0, wallMs: () => 0, sleep }, sleeping };
}

describe('work within a time', () => {
  it('is answered as it ends, and nobody sleeps on', async () => {
    const { clock, sleeping } = heldClock();
    expect(await within(clock, 5, async (signal) => signal.aborted)).toBe(false);
    await expect(within(clock, 5, () => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(sleeping).toEqual([]);
  });

  it('is told when its time is over', async () => {
    const { clock, sleeping } = heldClock();
    const bounded = within(
      clock,
      5,
      (signal) => new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
    );
    const failed = expect(bounded).rejects.toThrow('5 ms are over');
    expect(sleeping.map(({ ms }) => ms)).toEqual([5]);
    sleeping[0]?.wake();
    await failed;
  });
});
