/** Lines as `ip -o monitor link address route` of iproute2 6.1 prints them. */
import { expect, it } from 'vitest';
import { isOnlyOf } from './monitor-line.ts';

it.each([
  '10.64.3.0/24 dev wgcni-mesh proto 87 scope link src 10.64.1.1 ',
  'Deleted fd64:0:0:3::/64 dev wgcni-mesh proto 87 src fd64:0:0:1::1 metric 1024 pref medium',
  String.raw`7: wgcni-mesh: <POINTOPOINT,NOARP,UP,LOWER_UP> mtu 1420 qdisc pfifo_fast state UNKNOWN group default \    link/none `,
  String.raw`7: wgcni-mesh    inet 10.64.1.1/32 scope global wgcni-mesh\       valid_lft forever preferred_lft forever`,
  String.raw`7: wgcni-mesh@if3: <BROADCAST> mtu 1500 state DOWN `,
])('tells of the mesh device alone: %s', (line) => {
  expect(isOnlyOf(line, ['wgcni-mesh'])).toBe(true);
  expect(isOnlyOf(line, ['wgcni-mesh', 'eth0'])).toBe(true);
  expect(isOnlyOf(line, ['eth0'])).toBe(false);
  expect(isOnlyOf(line, [])).toBe(false);
});

it.each([
  'default via 192.0.2.1 dev eth0 ',
  'unreachable 10.64.0.0/12 proto 87 metric 1000000 ',
  'Deleted 10.64.1.0/24 dev wgcni-mesh-2 proto 87 ',
  String.raw`192.0.2.0/24 proto static \	nexthop via 10.0.0.1 dev wgcni-mesh weight 1 \	nexthop via 10.0.1.1 dev eth0 weight 1 `,
  String.raw`2: eth0@if3: <BROADCAST,UP> mtu 1500 state UP `,
  '',
])('may tell of something else: %s', (line) => {
  expect(isOnlyOf(line, ['wgcni-mesh'])).toBe(false);
});
