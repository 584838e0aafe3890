/** The flags and variables of the cluster-manager: what is taken, and how a bad one is refused. */
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { TextAsked } from '@wgcni/api/server';

const bare = [
  ...['--etcd', 'https://192.0.2.1:2379,https://192.0.2.2:2379', '--cluster', 'main'],
  ...['--listen', '192.0.2.1:7001', '--advertise', 'https://192.0.2.1:7001'],
];
const secure = ['--tls-cert', '/c', '--tls-key', '/k', '--tls-ca', '/a'];
const needed = [...bare, ...secure];
const parse = (argv: string[], env: Record<string, string> = {}) => parseConfig({ argv, env, hostname: 'host-1' });

describe('the configuration', () => {
  it('has the documented defaults', () => {
    expect(parse(needed)).toEqual({
      etcd: ['https://192.0.2.1:2379', 'https://192.0.2.2:2379'],
      cluster: 'main',
      listen: { host: '192.0.2.1', port: 7001 },
      advertise: 'https://192.0.2.1:7001',
      replicaId: 'host-1-7001',
      bootstrap: false,
      network: {},
      leaderTtlSec: 5,
      silenceReadingMs: 60_000,
      restMs: 300_000,
      clients: { ratePerSec: 500, rateBurst: 2_000, connections: 10_000, connectionsPerClient: 1_000 },
      logLevel: 'info',
      tls: { use: 'tls', cert: '/c', key: '/k', ca: '/a' },
    });
  });

  it('takes a whole network', () => {
    const argv = [
      ...[...needed, '--bootstrap', '--pool', '10.64.0.0/12:24', '--pool', 'FD64::/48:64', '--mtu', '1380'],
      ...['--keepalive', '0', '--registration-ttl', '1m', '--hold-down', '7d'],
    ];
    expect(parse(argv)).toMatchObject({
      bootstrap: true,
      network: {
        pools: [
          { cidr: '10.64.0.0/12', prefixLength: 24 },
          { cidr: 'fd64::/48', prefixLength: 64 },
        ],
        mtu: 1_380,
        keepaliveSec: 0,
        registrationTtlSec: 60,
        holdDownSec: 604_800,
      },
    });
  });

  it('takes variables, and a flag wins over its variable', () => {
    const env = { WGCNI_MTU: '1300', WGCNI_POOL: '10.64.0.0/12:24,fd64::/48:64', WGCNI_LOG_LEVEL: 'debug' };
    expect(parse([...needed, '--mtu', '1400'], env)).toMatchObject({
      network: { mtu: 1_400, pools: [{ cidr: '10.64.0.0/12' }, { cidr: 'fd64::/48' }] },
      logLevel: 'debug',
    });
  });

  it('listens on an IPv6 address', () => {
    expect(parse([...needed, '--listen', '[2001:db8::1]:7001']).listen).toEqual({ host: '2001:db8::1', port: 7001 });
  });

  it('shows its flags when asked for help', () => {
    expect(() => parse(['--help'])).toThrow(TextAsked);
  });

  it.each([
    [['--etcd', 'ftp://x'], '--etcd', 'ftp://x'],
    [['--etcd', 'http://192.0.2.1:2379/path'], '--etcd', '/path'],
    [['--cluster', 'a/b'], '--cluster', 'a/b'],
    [['--listen', '192.0.2.1'], '--listen', '192.0.2.1'],
    [['--listen', '192.0.2.1:0'], '--listen', ':0'],
    [['--listen', '192.0.2.1:65536'], '--listen', ':65536'],
    [['--health-listen', 'localhost:9100'], '--health-listen', 'localhost:9100'],
    [['--advertise', 'nowhere'], '--advertise', 'nowhere'],
    [['--replica-id', '-x'], '--replica-id', '-x'],
    [['--bootstrap'], '--pool', 'missing'],
    [['--pool', '10.64.0.0/12'], '--pool', '10.64.0.0/12'],
    [['--pool', '10.64.0.0/12:31'], '--pool', 'length 31'],
    [['--pool', '10.64.0.0/12:24', '--pool', '10.0.0.0/8:24'], '--pool', 'overlaps'],
    [['--mtu', '1x'], '--mtu', '1x'],
    [['--mtu', '100'], '--mtu', '100'],
    [['--pool', 'fd64::/48:64', '--mtu', '1279'], '--mtu', '1279'],
    [['--keepalive', '65536'], '--keepalive', '65536'],
    [['--registration-ttl', '1s'], '--registration-ttl', '1s'],
    [['--hold-down', 'soon'], '--hold-down', 'soon'],
    [['--leader-ttl', '1s'], '--leader-ttl', '1s'],
    [['--silence-reading', '0'], '--silence-reading', '0'],
    [['--rest', '-1'], '--rest', '-1'],
    [['--log-level', 'loud'], '--log-level', 'loud'],
    [['--what', 'x'], '--what', 'what'],
    [['word'], 'word', 'word'],
  ])('refuses %j by the name of the flag, with a remedy', (argv, field, named) => {
    let thrown: unknown;
    try {
      parse([...needed, ...argv]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({ code: 'config.invalid' });
    const { message, remedy, field: said } = thrown as { message: string; remedy?: string; field?: string };
    expect(`${said ?? ''} ${message}`).toContain(field);
    expect(message).toContain(named);
    expect(remedy ?? '').toMatch(/\w{3}/);
  });

  const secureEtcd = ['--etcd-cert', '/ec', '--etcd-key', '/ek', '--etcd-ca', '/ea'];
  const plain = [
    ...['--etcd', 'http://127.0.0.1:2379', '--cluster', 'main', '--insecure'],
    ...['--listen', '127.0.0.1:7001', '--advertise', 'http://localhost:7001'],
  ];

  it('takes certificates for REST and for etcd; without the latter etcd is shown the former', () => {
    const both = parse([...needed, ...secureEtcd]);
    expect(both.tls).toEqual({ use: 'tls', cert: '/c', key: '/k', ca: '/a' });
    expect(both.etcdTls).toEqual({ use: 'etcd', cert: '/ec', key: '/ek', ca: '/ea' });
    const env = { WGCNI_TLS_CERT: '/c', WGCNI_TLS_KEY: '/k', WGCNI_TLS_CA: '/a' };
    expect(parse(bare, env)).toMatchObject({ tls: { cert: '/c' }, etcdTls: undefined });
  });

  it('is plain HTTP on loopback when that was said', () => {
    expect(parse(plain)).toMatchObject({ tls: undefined, etcdTls: undefined, advertise: 'http://localhost:7001' });
    const [said, env] = [plain.filter((word) => word !== '--insecure'), { WGCNI_INSECURE: 'true' }];
    expect(parse(said, env).tls).toBeUndefined();
    expect(() => parse(said, { WGCNI_INSECURE: 'false' })).toThrow('--tls-cert is missing');
  });

  it('serves health on loopback, or anywhere with a certificate, or not at all', () => {
    expect(parse(needed).healthListen).toBeUndefined();
    const local = ['--health-listen', '127.0.0.1:9100'];
    expect(parse([...needed, ...local]).healthListen).toEqual({ host: '127.0.0.1', port: 9_100 });
    const open = ['--health-listen', '192.0.2.1:9100'];
    expect(parse([...needed, ...open]).healthListen).toEqual({
      host: '192.0.2.1',
      port: 9_100,
    });
  });

  it.each([
    [bare, '--tls-cert'],
    [[...bare, ...secure.slice(2)], '--tls-cert'],
    [[...bare, ...secure.slice(0, 4)], '--tls-ca'],
    [[...bare, ...secureEtcd], '--tls-cert'],
    [[...needed, ...secureEtcd.slice(0, 2)], '--etcd-key'],
    [[...needed, '--etcd', 'http://127.0.0.1:2379'], '--etcd'],
    [[...needed, '--advertise', 'http://127.0.0.1:7001'], '--advertise'],
    [[...needed, '--insecure'], '--insecure'],
    [plain.filter((word) => word !== '--insecure'), '--tls-cert'],
    [[...plain, ...secure], '--insecure'],
    [[...plain, ...secureEtcd], '--insecure'],
    [[...plain, '--etcd', 'http://127.0.0.1:2379,http://192.0.2.1:2379'], '--etcd'],
    [[...plain, '--etcd', 'https://127.0.0.1:2379'], '--etcd'],
    [[...plain, '--advertise', 'http://192.0.2.1:7001'], '--advertise'],
    [[...plain, '--listen', '0.0.0.0:7001'], '--listen'],
    [[...plain, '--listen', '[::]:7001'], '--listen'],
    [[...plain, '--health-listen', '192.0.2.1:9100'], '--health-listen'],
  ])('refuses %j, which is no secure path or half of one, by %s', (argv, field) => {
    expect(() => parse(argv)).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        field,
        remedy: expect.stringMatching(/\w{3}/) as string,
      }) as Error,
    );
  });

  it.each(['etcd', 'cluster', 'listen', 'advertise'])('needs --%s', (flag) => {
    const at = needed.indexOf(`--${flag}`);
    const argv = needed.filter((_, index) => index !== at && index !== at + 1);
    expect(() => parse(argv)).toThrow(`--${flag} is missing`);
  });
});
