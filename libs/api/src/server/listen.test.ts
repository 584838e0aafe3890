/** Where a server may listen: what is taken for an address and port, and what for loopback. */
import { describe, expect, it } from 'vitest';
import { isLoopback, parseListen, refuseOpen } from './listen.ts';

describe('an address to listen on', () => {
  it('is an IPv4 address or an IPv6 one in brackets, and a port', () => {
    expect(parseListen('--listen', '192.0.2.1:7070')).toEqual({ host: '192.0.2.1', port: 7_070 });
    expect(parseListen('--listen', '[2001:db8::1]:1')).toEqual({ host: '2001:db8::1', port: 1 });
  });

  it.each([
    ...['localhost:80', '127.0.0.1', '127.0.0.1:0', '127.0.0.1:65536', '127.0.0.1:80x', '010.0.0.1:80', '10.1:80'],
    ...['::1:80', '[::1]', '[127.0.0.1]:80', '[1::2::3]:80', '', ':80', 'unix:/run/x'],
  ])('is not %j, and the flag and how to write it are said', (text) => {
    expect(() => parseListen('--listen', text)).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        field: '--listen',
        remedy: 'write it like 127.0.0.1:7070 or [::1]:7070',
      }) as Error,
    );
  });

  it('is of loopback, or others reach it', () => {
    for (const host of ['127.0.0.1', '127.255.0.9', '::1', '0:0:0:0:0:0:0:1']) {
      expect(isLoopback(host), host).toBe(true);
      expect(() => refuseOpen('--listen', { host, port: 1 })).not.toThrow();
    }
    for (const host of ['0.0.0.0', '128.0.0.1', '192.0.2.1', '::', '::2', 'fe80::1', '2001:db8::1']) {
      expect(isLoopback(host), host).toBe(false);
      expect(() => refuseOpen('--listen', { host, port: 1 })).toThrow(/--listen .* not a loopback address/);
    }
  });
});
