/** Reading the kernel's table of UDP sockets. */
import { createSocket } from 'node:dgram';
import { describe, expect, it } from 'vitest';
import { hasUdpPort, inodesOfPort } from './udp-sockets.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  311: 00000000:CA6C 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 52341 2 0000000000000000 0
  312: 0100007F:EE49 00000000:CA6C 07 00000000:00000000 00:00000000 00000000     0        0 52342 2 0000000000000000 0
`;

describe('inodesOfPort', () => {
  it('finds the sockets bound to a port, not those connected to it', () => {
    expect(inodesOfPort(table, 51_820)).toEqual(['52341']);
    expect(inodesOfPort(table, 61_001)).toEqual(['52342']);
    expect(inodesOfPort(table, 1)).toEqual([]);
  });
});

describe('hasUdpPort', () => {
  it('sees a port of the process itself while it is bound', async () => {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    const { port } = socket.address();
    expect(await hasUdpPort(process.pid, port)).toBe(true);
    expect(await hasUdpPort(process.ppid, port)).toBe(false);
    await new Promise<void>((resolve) => socket.close(() => resolve()));
    expect(await hasUdpPort(process.pid, port)).toBe(false);
  });

  it('is false for a process that has ended', async () => {
    expect(await hasUdpPort(2 ** 22 + 1, 51_820)).toBe(false);
  });
});
