/** PURE: each pool as a map of its subnets. */
import { drawPool, el, type Element, poolUse } from '@wgcni/api/picture';
import type { Model } from './model.ts';

const signs = [
  ['held', 'held by a node'],
  ['reserved', 'reserved: its node was deleted'],
  ['released', 'resting before the next grant'],
  ['free', 'free'],
] as const;

export function showPools({ overview, width }: Model): Element {
  const maps = overview.pools.map((pool) =>
    el(
      'div',
      { class: 'map', key: pool.cidr },
      el('p', {}, el('code', {}, pool.cidr), ` in /${pool.prefixLength}: ${poolUse(pool)}`),
      drawPool(pool, width),
    ),
  );
  return el(
    'section',
    { key: 'pools', id: 'pools', 'aria-labelledby': 'pools-head' },
    el('div', { class: 'head' }, el('h2', { id: 'pools-head' }, 'Subnets')),
    ...(maps.length === 0 ? [el('p', { class: 'soft', key: 'none' }, 'No pool yet.')] : [showSigns(), ...maps]),
  );
}

function showSigns(): Element {
  return el(
    'ul',
    { class: 'legend', key: 'signs', 'aria-label': 'Signs of the map' },
    ...signs.map(([state, words]) => el('li', { key: state }, cellSign(state), words)),
  );
}

function cellSign(state: (typeof signs)[number][0]): Element {
  const frame = el('rect', { class: 'frame', x: 1, y: 1, width: 12, height: 12, rx: 1.5 });
  const inside = {
    held: [el('rect', { class: 'fill', x: 1, y: 1, width: 12, height: 12, rx: 1.5 })],
    reserved: [el('path', { class: 'stroke', d: 'M3 11L11 3' })],
    released: [el('circle', { class: 'dot', cx: 7, cy: 7, r: 2.2 })],
    free: [],
  }[state];
  const size = { width: 14, height: 14, viewBox: '0 0 14 14', 'aria-hidden': 'true' };
  return el('svg', size, el('g', { class: `cell ${state}` }, frame, ...inside));
}
