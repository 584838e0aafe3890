/** The first answer counts, the others are told to stop, and nothing of a call outlives it. */
import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { LeaseGoneError } from '../port.ts';
import { firstToAnswer } from './first-to-answer.ts';

const soon = { hedgeAfterMs: 10, timeoutMs: 1_000 };
const idle = (): AbortSignal => new AbortController().signal;

/** Never answers; rejects when it is told to stop, as a call does. */
const silent = (signal: AbortSignal): Promise<string> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')), { once: true }));

it('asks the next one beside the first when that is slow, and stops who has not answered', async () => {
  const stopped: string[] = [];
  const call = (candidate: string, signal: AbortSignal): Promise<string> => {
    signal.addEventListener('abort', () => void stopped.push(candidate));
    return candidate === 'slow' ? silent(signal) : Promise.resolve('yes');
  };
  const found = await firstToAnswer(['slow', 'quick'], call, { ...soon, signal: idle() });
  expect(found).toEqual({ answer: 'yes', from: 'quick' });
  expect(stopped).toContain('slow');
});

it('goes on at once to the next one when one fails, and throws all failures when all did', async () => {
  const asked: string[] = [];
  const fail = (candidate: string): Promise<string> => {
    asked.push(candidate);
    return Promise.reject(new Error(`${candidate} is away`));
  };
  const hedgeLate = { hedgeAfterMs: 60_000, timeoutMs: 1_000, signal: idle() };
  await expect(firstToAnswer(['a', 'b', 'c'], fail, hedgeLate)).rejects.toThrow(AggregateError);
  expect(asked).toEqual(['a', 'b', 'c']);
});

it('takes "the lease is gone" for an answer', async () => {
  const call = (): Promise<string> => Promise.reject(new LeaseGoneError('7'));
  await expect(firstToAnswer(['a', 'b'], call, { ...soon, signal: idle() })).rejects.toThrow(LeaseGoneError);
});

it('gives up when its time is over, and when the caller does', async () => {
  const call = (_: string, signal: AbortSignal): Promise<string> => silent(signal);
  await expect(firstToAnswer(['a'], call, { ...soon, timeoutMs: 20, signal: idle() })).rejects.toThrow(/20 ms/);
  const caller = new AbortController();
  const asked = firstToAnswer(['a'], call, { ...soon, signal: caller.signal });
  caller.abort(new Error('the caller ends'));
  await expect(asked).rejects.toThrow('the caller ends');
  await expect(firstToAnswer(['a'], call, { ...soon, signal: caller.signal })).rejects.toThrow('the caller ends');
});

it('leaves nothing on a signal that outlives it: a leader keeps its lease alive for months by one', async () => {
  const caller = idle();
  for (let times = 0; times < 20; times += 1)
    await firstToAnswer(['a'], () => Promise.resolve('yes'), { ...soon, signal: caller });
  expect(getEventListeners(caller, 'abort')).toEqual([]);
  // Node holds what was derived from a signal in a set on it, which is none of this realm's.
  const held = caller as unknown as Record<symbol, { size?: number } | null | undefined>;
  const sizes = Object.getOwnPropertySymbols(caller).map((symbol) => held[symbol]?.size ?? 0);
  expect(Math.max(0, ...sizes)).toBe(0);
});
