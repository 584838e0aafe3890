/** A packet that was lost breaks the promise, and so does a stream that did not send. */
import { expect, it } from 'vitest';
import { lossFigure, type Observed, type StreamsResult } from './loss-figure.ts';

const nothingLost: StreamsResult = { streams: 2, sent: 2_400, fewestSent: 1_200, losses: [] };
const observed = (containers: Partial<StreamsResult> = {}): Observed => ({
  ...{ minutes: 1, elapsedMs: 60_000, containers: { ...nothingLost, ...containers }, nodes: nothingLost },
  happenings: [
    { atMs: 1_000, what: 'n1 gets SIGTERM' },
    { atMs: 5_000, what: 'n2 gets SIGKILL' },
  ],
});

it('is kept when every stream was steady and lost nothing', () => {
  const { value, isKept } = lossFigure(observed());
  expect(isKept).toBe(true);
  expect(value).toBe('0 of 2400 in 2 streams over 60 s; the nodes themselves lost 0 of 2400');
});

it('is broken by one loss, which is laid to what happened last before it', () => {
  const { value, isKept } = lossFigure(observed({ losses: [{ stream: 'a to b', atMs: 5_040 }] }));
  expect(isKept).toBe(false);
  expect(value).toContain('a to b at 1970-01-01T00:00:05.040Z, 40 ms after "n2 gets SIGKILL"');
});

it('is broken by a loss before the first answer, whose time nobody knows', () => {
  const { value, isKept } = lossFigure(observed({ losses: [{ stream: 'a to b', atMs: NaN }] }));
  expect([isKept, value]).toEqual([false, expect.stringContaining('a to b before its first answer')]);
});

it('is broken by a stream that slept, though it lost nothing', () => {
  const { value, isKept } = lossFigure(observed({ fewestSent: 900 }));
  expect([isKept, value]).toEqual([false, expect.stringContaining('a stream sent only 900')]);
});
