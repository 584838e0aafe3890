/** What a ping monitor counts, from what `ping -D` prints. */
import { expect, it } from 'vitest';
import { countPings } from './ping.ts';

const answer = (seq: number, atSec: number): string =>
  `[${atSec.toFixed(6)}] 64 bytes from 10.64.0.2: icmp_seq=${seq} ttl=62 time=0.512 ms`;
const printed = (lines: readonly string[], sent: number): string =>
  [...lines, '', '--- 10.64.0.2 ping statistics ---', `${sent} packets transmitted, 0 received`].join('\n');

it('nothing is lost when every request but the last was answered', () => {
  const output = printed([answer(1, 100), answer(2, 100.05), answer(3, 100.1)], 4);
  expect(countPings(output, { intervalMs: 50 })).toEqual({
    sent: 4,
    received: 3,
    lost: [],
    lostAtMs: [],
    longestGapMs: 0,
  });
});

it('names each request without an answer, and when it was sent', () => {
  const output = printed([answer(1, 100), answer(4, 100.15), answer(6, 100.25)], 7);
  expect(countPings(output, { intervalMs: 50 })).toEqual({
    sent: 7,
    received: 3,
    lost: [2, 3, 5],
    lostAtMs: [100_050, 100_100, 100_200],
    longestGapMs: 100,
  });
});

it('does not count what was sent after it was told to stop', () => {
  const output = printed([answer(1, 100), answer(3, 100.1), answer(5, 100.2)], 8);
  expect(countPings(output, { intervalMs: 50, untilMs: 100_190 }).lost).toEqual([2, 4]);
  expect(countPings(output, { intervalMs: 50, untilMs: 100_120 }).lost).toEqual([2]);
  expect(countPings(output, { intervalMs: 50 }).lost).toEqual([2, 4, 6, 7]);
});

it('takes no error of a router for an answer', () => {
  const errors = ['Destination Host Unreachable', 'Time to live exceeded', 'Packet filtered'];
  const lines = errors.map((text, index) => `[100.10${index}000] From 192.0.2.1 icmp_seq=${index + 2} ${text}`);
  expect(countPings(printed([answer(1, 100), ...lines, answer(5, 100.2)], 6), { intervalMs: 50 }).lost).toEqual([
    2, 3, 4,
  ]);
});

it('refuses to count more requests than there are sequence numbers', () => {
  expect(() => countPings(printed([answer(1, 100)], 65_536), { intervalMs: 50 })).toThrow('65536 pings are more');
});
