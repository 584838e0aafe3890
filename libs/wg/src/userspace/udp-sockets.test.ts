/** Reading the kernel's table of UDP sockets. */
import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { boundInodes, hasUdpSocket } from './udp-sockets.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  311: 00000000:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 52341 2 0000000000000000 0
  312: 0100007F:EE49 00000000:CA6C 07 00000000:00000000 00:00000000 00000000     0        0 52342 2 0000000000000000 0
`;

describe('boundInodes', () => {
  it('finds the inode of each socket', () => {
    expect(boundInodes(table)).toEqual(['52341', '52342']);
  });
});

describe('hasUdpSocket', () => {
  it('sees a socket of the process itself while it is bound, and of no other', async () => {
    expect(await hasUdpSocket(process.pid)).toBe(false);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    expect(await hasUdpSocket(process.pid)).toBe(true);
    expect(await hasUdpSocket(process.ppid)).toBe(false);
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    expect(await hasUdpSocket(process.pid)).toBe(false);
  });

  it('is false for a process that has ended', async () => {
    expect(await hasUdpSocket(2 ** 22 + 1)).toBe(false);
  });
});
