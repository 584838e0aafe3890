/** Lines of `ip -ts monitor route` become events, events and a watch become lags, and what is missing is told. */
import { describe, expect, it } from 'vitest';
import { type Heard, lagsOf, type RouteChange } from './lags.ts';
import { quantile } from './quantile.ts';
import { parseRouteEvent, type RouteEvent } from './route-event.ts';

describe('parseRouteEvent', () => {
  const at = Date.parse('2026-11-26T01:43:31.603Z') + 0.347;
  it.each([
    ['10.64.3.0/24 dev wgcni-mesh proto 87 scope link src 10.64.1.1 ', '10.64.3.0/24', false],
    ['fd64:0:0:3::/64 dev wgcni-mesh proto 87 src fd64:0:0:1::1 metric 1024 pref medium', 'fd64:0:0:3::/64', false],
    ['Deleted 10.64.3.0/24 dev wgcni-mesh proto 87 scope link src 10.64.1.1 ', '10.64.3.0/24', true],
  ])('reads "%s"', (text, destination, isGone) => {
    const event = parseRouteEvent(`[2026-11-26T01:43:31.603347] ${text}`);
    expect(event).toMatchObject({ destination, isGone });
    expect(event?.atMs).toBeCloseTo(at, 2);
  });

  it.each([
    'unreachable 10.64.0.0/12 proto 87 metric 1000000 ',
    '10.64.1.0/24 dev wgcni-pods proto 87 scope link src 10.64.1.1 ',
    '10.64.3.0/24 dev wgcni-mesh proto 872 scope link ',
    'local fe80::1 dev wgcni-mesh table local proto kernel metric 0 pref medium',
  ])('passes over "%s"', (text) => {
    expect(parseRouteEvent(`[2026-11-26T01:43:31.603347] ${text}`)).toBeUndefined();
  });
});

describe('quantile', () => {
  it('is a value that was measured, by the nearest rank', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect([0, 0.5, 0.99, 1].map((of) => quantile(values, of))).toEqual([1, 100, 198, 200]);
    expect(quantile([], 0.5)).toBeNaN();
  });
});

describe('lagsOf', () => {
  const put = (atMs: number, subnets: unknown[], key = 'n'): Heard => ({
    atMs,
    event: {
      kind: 'put',
      item: { key, value: JSON.stringify({ subnets }), createRevision: 1, modRevision: 1, lease: '0' },
    },
  });
  const made = (destination: string, atMs: number): RouteEvent => ({ destination, atMs, isGone: false });
  const gone = (destination: string, atMs: number): RouteEvent => ({ destination, atMs, isGone: true });
  const appears: RouteChange = {
    key: 'n',
    destinations: ['a', 'b'],
    isRemoval: false,
    sentAtMs: 100,
    answeredAtMs: 300,
  };
  const vanishes: RouteChange = {
    key: 'n',
    destinations: ['a', 'b'],
    isRemoval: true,
    sentAtMs: 500,
    answeredAtMs: 800,
  };

  it('counts from the watch to the last route, on every node', () => {
    const routes = new Map([
      ['n1', [made('a', 130), made('b', 150)]],
      ['n2', [made('b', 118), made('a', 119), gone('a', 140)]],
    ]);
    expect(lagsOf([appears], { heard: [put(110, [1])], routes }, 1_000)).toEqual({
      fromWatchMs: [40, 9],
      fromRequestMs: [50, 19],
      missing: [],
    });
  });

  it('counts from the answer when the watch was later', () => {
    const routes = new Map([['n1', [made('a', 130), made('b', 150)]]]);
    const lags = lagsOf([{ ...appears, answeredAtMs: 108 }], { heard: [put(140, [1])], routes }, 1_000);
    expect(lags.fromWatchMs).toEqual([42]);
  });

  it('hears a removal by a record without subnets, not by the drain before it, or by its deletion', () => {
    const routes = new Map([['n1', [made('a', 130), made('b', 150), gone('a', 700), gone('b', 650)]]]);
    const released = [put(110, [1]), put(520, [1]), put(600, [], 'other'), put(620, [])];
    expect(lagsOf([vanishes], { heard: released, routes }, 1_000).fromWatchMs).toEqual([80]);
    const deleted: Heard[] = [{ atMs: 640, event: { kind: 'delete', key: 'n', modRevision: 2 } }];
    expect(lagsOf([vanishes], { heard: deleted, routes }, 1_000).fromWatchMs).toEqual([60]);
  });

  it.each([
    ['of two routes one is never made', [put(110, [1])], [made('a', 130)]],
    ['it is made too late', [put(110, [1])], [made('a', 130), made('b', 1_111)]],
    ['a route is older than the change', [put(110, [1])], [made('a', 99), made('b', 120)]],
    ['the watch never heard of it', [put(99, [1])], [made('a', 130), made('b', 150)]],
  ])('misses a change when %s', (_, heard, events) => {
    const lags = lagsOf([appears], { heard, routes: new Map([['n1', events]]) }, 1_000);
    expect(lags).toEqual({ fromWatchMs: [], fromRequestMs: [], missing: ['+a,b on n1'] });
  });
});
