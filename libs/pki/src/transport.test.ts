/** TLS is what a process speaks unless it was told otherwise, and then only with its own machine. */
import { describe, expect, it } from 'vitest';
import { checkListen, checkUrls, chooseTransport, isLoopback } from './transport.ts';

const refusal = (field: string, message: RegExp, remedy: RegExp): Error =>
  expect.objectContaining({
    ...{ code: 'config.invalid', field },
    message: expect.stringMatching(message) as string,
    remedy: expect.stringMatching(remedy) as string,
  }) as Error;

describe('the transport', () => {
  it('is TLS with credentials, and plain only when that was said', () => {
    expect(chooseTransport({ hasCredentials: true, isInsecure: false })).toBe('tls');
    expect(chooseTransport({ hasCredentials: false, isInsecure: true })).toBe('plain');
  });

  it('is refused when nothing was said of it, with every way to say it', () => {
    const say = () => chooseTransport({ hasCredentials: false, isInsecure: false }, '--tls-cert and so on, or --join');
    expect(say).toThrow(refusal('--tls-cert', /missing/, /--tls-cert and so on, or --join; .*--insecure/));
  });

  it('is refused when both were said', () => {
    const both = refusal('--insecure', /certificates are given/, /leave out/);
    expect(() => chooseTransport({ hasCredentials: true, isInsecure: true })).toThrow(both);
    const forEtcd = { hasCredentials: false, hasEtcdCredentials: true, isInsecure: true };
    expect(() => chooseTransport(forEtcd)).toThrow(both);
  });

  it('is refused when there are credentials for etcd alone', () => {
    const said = { hasCredentials: false, hasEtcdCredentials: true, isInsecure: false };
    expect(() => chooseTransport(said)).toThrow(refusal('--tls-cert', /missing/, /--tls-cert/));
  });
});

describe('URLs', () => {
  it.each([
    ['tls', ['https://a:1', 'https://192.0.2.1:2', 'https://127.0.0.1:3']],
    ['plain', ['http://127.0.0.1:1', 'http://127.9.9.9:1', 'http://[::1]:1', 'http://localhost:1', 'http://0x7f.1:1']],
  ] as const)('of %s are %j', (transport, urls) => {
    expect(() => checkUrls('--etcd', urls, transport)).not.toThrow();
  });

  it.each([
    ['tls', 'http://127.0.0.1:1', /not encrypted/],
    ['plain', 'https://127.0.0.1:1', /needs --tls-cert/],
    ['plain', 'http://192.0.2.1:1', /not on loopback/],
    ['plain', 'http://0.0.0.0:1', /not on loopback/],
    ['plain', 'http://128.0.0.1:1', /not on loopback/],
    ['plain', 'http://127.0.0.1.example:1', /not on loopback/],
    ['plain', 'http://localhost.example:1', /not on loopback/],
    ['plain', 'http://[::ffff:127.0.0.1]:1', /not on loopback/],
    ['plain', 'http://[::]:1', /not on loopback/],
  ] as const)('of %s are not %s, also behind a good one', (transport, url, why) => {
    const good = transport === 'tls' ? 'https://a:1' : 'http://127.0.0.1:1';
    expect(() => checkUrls('--manager', [good, url], transport)).toThrow(refusal('--manager', why, /\w{3}/));
  });
});

it('listens anywhere with TLS, without only where its own machine reaches it', () => {
  expect(() => checkListen('--listen', '0.0.0.0', 'tls')).not.toThrow();
  expect(() => checkListen('--listen', '127.0.0.1', 'plain')).not.toThrow();
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'example.org'])
    expect(() => checkListen('--listen', host, 'plain')).toThrow(refusal('--listen', /not on loopback/, /--tls-cert/));
});

it.each([
  ...['127.0.0.1', '127.255.255.254', '::1', 'localhost'].map((host) => [host, true] as const),
  ...['', '127', '::', '::2', '127.0.0.1/x', '127.0.0.1@192.0.2.1', '192.0.2.1#127.0.0.1', '127.0.0.1:80'].map(
    (host) => [host, false] as const,
  ),
])('%j as a host to listen on is loopback: %s', (host, isIt) => {
  expect(isLoopback(host)).toBe(isIt);
});
