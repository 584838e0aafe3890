/** What stands in /proc/net/dev of the packets that a tunnel refused, in the form of kernel 6.1. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { rejectedPackets } from './link-errors.ts';

const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:    9810      93    0    0    0     0          0         0     9810      93    0    0    0     0       0          0
wgcni-mesh: 1796 12   31    0    0    31          0         0     1832      14    0    0    0     0       0          0
wgcni-pods:1796      12    0    4    0     0          0         0     1832      14    5    0    0     0       0          0
wgcni-mesh2:1796      12    9    4    0     9          0         0     1832      14    5    0    0     0       0          0
`;

it('is the count of frame errors of the devices that are there', () => {
  expect(rejectedPackets(text, ['wgcni-mesh', 'wgcni-pods', 'wgcni-none'])).toEqual(
    new Map([
      ['wgcni-mesh', 31],
      ['wgcni-pods', 0],
    ]),
  );
});

it('is found in the file of this machine, whose loopback refuses nothing', () => {
  expect(rejectedPackets(readFileSync('/proc/self/net/dev', 'utf8'), ['lo'])).toEqual(new Map([['lo', 0]]));
});

it('is nothing in a text of another form', () => {
  expect(rejectedPackets('', ['lo'])).toEqual(new Map());
  expect(rejectedPackets('lo: a b c d e f\n', ['lo'])).toEqual(new Map());
});
