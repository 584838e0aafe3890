/** The flags and variables of the node-manager: what is taken, and how a bad one is refused. */
import type { Secret } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { TextAsked } from '@wgcni/api/server';

const bare = ['--etcd', 'https://192.0.2.1:2379', '--cluster', 'lab', '--manager', 'https://192.0.2.1:7001'];
const secure = ['--tls-cert', '/c', '--tls-key', '/k', '--tls-ca', '/a'];
const needed = [...bare, ...secure];
const parse = (argv: string[], env: Record<string, string> = {}) => parseConfig({ argv, env, hostname: 'host-1' });

describe('the configuration', () => {
  it('has the documented defaults', () => {
    expect(parse(needed)).toMatchObject({
      nodeId: 'host-1',
      isNodeIdSaid: false,
      dataDir: '/var/lib/wgcni',
      socket: '/run/wgcni/node-manager.sock',
      queueDir: '/var/lib/wgcni/queue',
      listen: undefined,
      healthListen: undefined,
      endpoints: [],
      meshPort: 51_820,
      podPort: 51_821,
      containerPorts: { first: 61_000, last: 65_535 },
      backend: 'auto',
      containersReachControlPlane: false,
      takeOver: false,
      teardown: false,
    });
    expect(parse([...needed, '--containers-reach-control-plane']).containersReachControlPlane).toBe(true);
  });

  it('takes variables, and a flag wins over its variable', () => {
    const env = {
      WGCNI_MESH_PORT: '1000',
      WGCNI_POD_PORT: '1001',
      WGCNI_TAKE_OVER: 'true',
      WGCNI_ENDPOINT: '192.0.2.1:1,[2001:db8::0]:2',
    };
    const config = parse([...needed, '--mesh-port', '2000'], env);
    expect(config).toMatchObject({ meshPort: 2_000, podPort: 1_001, takeOver: true });
    expect(config.endpoints).toEqual(['192.0.2.1:1', '[2001:db8::]:2']);
  });

  it('takes lists by commas and by repetition, each server once', () => {
    const config = parse([...needed, '--etcd', 'https://a:1,https://b:2', '--etcd', 'https://b:2/']);
    expect(config.etcd).toEqual(['https://192.0.2.1:2379', 'https://a:1', 'https://b:2']);
  });

  const secureEtcd = ['--etcd-cert', '/ec', '--etcd-key', '/ek', '--etcd-ca', '/ea'];
  const nearby = ['--etcd', 'http://127.0.0.1:2379', '--cluster', 'lab', '--manager', 'http://[::1]:7001'];
  const plain = [...nearby, '--insecure'];

  it('takes certificates for the managers and for etcd; without the latter etcd is shown the former', () => {
    const { tls, etcdTls } = parse([...needed, ...secureEtcd]);
    expect([tls, etcdTls]).toEqual([
      { use: 'tls', cert: '/c', key: '/k', ca: '/a' },
      { use: 'etcd', cert: '/ec', key: '/ek', ca: '/ea' },
    ]);
    expect(parse(needed).etcdTls).toBeUndefined();
  });

  it('is plain HTTP on loopback when that was said', () => {
    expect(parse(plain)).toMatchObject({ tls: undefined, etcdTls: undefined, managers: ['http://[::1]:7001'] });
  });

  it('takes any address to listen on with a certificate', () => {
    expect(parse([...needed, '--listen', '192.0.2.1:7070']).listen).toEqual({ host: '192.0.2.1', port: 7_070 });
    expect(() => parse([...plain, '--listen', '0.0.0.0:80'])).toThrow(/--listen .* on loopback/);
  });

  it('needs no certificate with a token, or once the node has joined', () => {
    expect(parse([...bare, '--join', '/run/token'])).toMatchObject({
      tls: undefined,
      join: expect.anything() as Secret,
    });
    const again = parseConfig({ argv: bare, env: {}, hostname: 'host-1' }, (dir) => dir === '/var/lib/wgcni');
    expect(again).toMatchObject({ tls: undefined, join: undefined });
    expect(() => parse([...needed, '--join', 'x'])).toThrow(/--join gets a certificate/);
    expect(() => parse([...plain, '--join', 'x'])).toThrow(/--insecure/);
    expect(() => parse(bare)).toThrow(expect.objectContaining({ remedy: expect.stringContaining('--join') as string }));
  });

  it('does not print a token', () => {
    expect(JSON.stringify(parse([...bare, '--join', 'hunter2']))).not.toContain('hunter2');
  });

  it.each([
    [bare, '--tls-cert'],
    [nearby, '--tls-cert'],
    [[...bare, ...secure.slice(2)], '--tls-cert'],
    [[...bare, ...secureEtcd], '--tls-cert'],
    [[...needed, ...secureEtcd.slice(0, 4)], '--etcd-ca'],
    [[...needed, '--manager', 'http://127.0.0.1:7001'], '--manager'],
    [[...needed, '--etcd', 'http://127.0.0.1:2379'], '--etcd'],
    [[...needed, '--insecure'], '--insecure'],
    [[...plain, ...secureEtcd], '--insecure'],
    [[...plain, '--manager', 'http://192.0.2.1:7001'], '--manager'],
    [[...plain, '--manager', 'https://127.0.0.1:7001'], '--manager'],
    [[...plain, '--etcd', 'http://192.0.2.1:2379'], '--etcd'],
    [[...plain, '--listen', '192.0.2.1:7070'], '--listen'],
    [[...plain, '--health-listen', '192.0.2.1:9101'], '--health-listen'],
  ])('refuses %j, which is no secure path or half of one, by %s', (argv, field) => {
    expect(() => parse(argv)).toThrow(
      expect.objectContaining({
        code: 'config.invalid',
        field,
        remedy: expect.stringMatching(/\w{3}/) as string,
      }) as Error,
    );
  });

  it('needs neither store nor managers nor a certificate to tear down', () => {
    expect(parse(['--teardown']).teardown).toBe(true);
  });

  it('shows its flags when asked for help', () => {
    expect(() => parse(['--help'])).toThrow(TextAsked);
  });

  it.each([
    ['--node-id', 'a b'],
    ['--node-id', ''],
    ['--node-id', 'x'.repeat(64)],
    ['--etcd', 'etcd:2379'],
    ['--etcd', 'https://a:1,'],
    ['--manager', 'ftp://a'],
    ['--manager', 'https://a/path'],
    ['--cluster', 'a/b'],
    ['--data-dir', 'relative'],
    ['--socket', `/${'x'.repeat(120)}`],
    ['--queue-dir', './q'],
    ['--listen', '127.0.0.1'],
    ['--listen', '127.0.0.1:99999'],
    ['--listen', 'localhost:80'],
    ['--health-listen', 'localhost:9101'],
    ['--endpoint', '192.0.2.1'],
    ['--endpoint', 'host:51820'],
    ['--endpoint', '2001:db8::1:51820'],
    ['--underlay', 'far-too-long-for-a-link'],
    ['--mesh-port', '0'],
    ['--mesh-port', '51820.5'],
    ['--mesh-port', '61000'],
    ['--pod-port', '51820'],
    ['--pod-port', '-1'],
    ['--container-ports', '65535-61000'],
    ['--container-ports', '61000'],
    ['--backend', 'none'],
    ['--masquerade', 'maybe'],
    ['--advertise', '192.168.50.1/24'],
    ['--advertise', 'database'],
    ['--egress-source', '192.0.2.9/24'],
    ['--egress-source', '192.0.2.9,192.0.2.10'],
    ['--log-level', 'loud'],
    ['--nonsense', 'x'],
    ['--mesh-port', undefined],
  ])('refuses %s %s, naming the flag and a remedy', (flag, value) => {
    const argv = [...needed, flag, ...(value === undefined ? [] : [value])];
    expect(() => parse(argv)).toThrow(
      expect.objectContaining({ code: 'config.invalid', field: flag, remedy: expect.stringMatching(/.{10}/) }),
    );
  });

  it.each(['--etcd', '--manager', '--cluster'])('misses %s', (flag) => {
    const argv = needed.filter((_, index) => index !== needed.indexOf(flag) && index !== needed.indexOf(flag) + 1);
    expect(() => parse(argv)).toThrow(
      expect.objectContaining({ field: flag, message: expect.stringContaining('missing') }),
    );
  });

  it('refuses a variable that is no truth, and words that belong to no flag', () => {
    expect(() => parse(needed, { WGCNI_TEARDOWN: 'perhaps' })).toThrow(/WGCNI_TEARDOWN "perhaps"/);
    expect(() => parse([...needed, 'word'])).toThrow(/too many arguments|word/);
  });
});
