/** Which endpoint of a peer is dialled, for how long, and what is remembered of peers that left. */
import { ManualClock } from '@wgcni/testing';
import { systemKeys } from '@wgcni/wg';
import { expect, it } from 'vitest';
import { EndpointTrials } from './endpoint-trials.ts';

const [first, second] = ['192.0.2.2:51820', '192.0.2.3:51820'];
const both = [first, second];
const v4 = new Set([4 as const]);
const key = systemKeys.generate().publicKey;

function begin() {
  const clock = new ManualClock();
  const trials = new EndpointTrials(clock);
  /** One reconcile of a peer without a handshake: chooses, and notes what was written. */
  const reconcile = (): string | undefined => {
    const endpoint = trials.choose(both, v4, undefined, key);
    trials.noteConfigured([{ publicKey: key, endpoint }]);
    return endpoint;
  };
  return { clock, trials, reconcile };
}

it('dials the next endpoint after fifteen seconds without a handshake, and the first again after that', async () => {
  const { clock, reconcile } = begin();
  expect([reconcile(), reconcile()]).toEqual([first, first]);
  await clock.advance(15_000);
  expect(reconcile()).toBe(second);
  await clock.advance(14_000);
  expect(reconcile()).toBe(second);
  await clock.advance(1_000);
  expect(reconcile()).toBe(first);
});

it('begins with the first endpoint again for a peer that left and comes back', async () => {
  const { clock, trials, reconcile } = begin();
  reconcile();
  trials.noteConfigured([]);
  await clock.advance(3_600_000);
  expect(reconcile()).toBe(first);
});

it('remembers only the peers that are configured, however many there have been', () => {
  const { trials } = begin();
  for (let count = 0; count < 50; count += 1)
    trials.noteConfigured([{ publicKey: systemKeys.generate().publicKey, endpoint: first }]);
  expect(trials.written().size).toBe(1);
});

it('keeps the trial of a peer that has no route at the moment', async () => {
  const { clock, trials, reconcile } = begin();
  reconcile();
  trials.noteConfigured([{ publicKey: key, endpoint: undefined }]);
  await clock.advance(15_000);
  expect(reconcile()).toBe(second);
});
