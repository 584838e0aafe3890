/** The lines that go to a WireGuard process, and what is read from its answers. */
import { Secret } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { systemKeys } from '../key-generator.ts';
import { errnoOf, parseGet, setAllText, setSomeText } from './uapi-text.ts';

const [own, one, other] = [systemKeys.generate(), systemKeys.generate(), systemKeys.generate()];
const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');
const peer = { publicKey: one.publicKey, endpoint: '192.0.2.1:51820', allowedIps: ['10.64.0.0/24'], keepaliveSec: 25 };
const quiet = { publicKey: other.publicKey, endpoint: undefined, allowedIps: [], keepaliveSec: 0 };

describe('a request', () => {
  it('that sets everything names key, port and every peer, and replaces all others', () => {
    const text = setAllText({ privateKey: own.privateKey, listenPort: 51_820, peers: [peer, quiet] });
    expect(text.reveal().split('\n')).toEqual([
      ...['set=1', `private_key=${hex(own.privateKey.reveal())}`, 'listen_port=51820'],
      ...['fwmark=0', 'replace_peers=true'],
      ...[`public_key=${hex(one.publicKey)}`, 'endpoint=192.0.2.1:51820', 'persistent_keepalive_interval=25'],
      ...['replace_allowed_ips=true', 'allowed_ip=10.64.0.0/24'],
      ...[`public_key=${hex(other.publicKey)}`, 'persistent_keepalive_interval=0', 'replace_allowed_ips=true'],
      ...['', ''],
    ]);
    expect(String(text)).not.toContain(hex(own.privateKey.reveal()));
  });

  it('that changes some names what differs and nothing else', () => {
    const text = setSomeText([
      { kind: 'remove', publicKey: other.publicKey },
      { kind: 'update', publicKey: one.publicKey, endpoint: '[2001:db8::1]:51820' },
      { kind: 'update', publicKey: one.publicKey, allowedIps: [] },
      { kind: 'add', peer },
    ]);
    expect(text.split('\n')).toEqual([
      ...['set=1', `public_key=${hex(other.publicKey)}`, 'remove=true'],
      ...[`public_key=${hex(one.publicKey)}`, 'endpoint=[2001:db8::1]:51820'],
      ...[`public_key=${hex(one.publicKey)}`, 'replace_allowed_ips=true'],
      ...[`public_key=${hex(one.publicKey)}`, 'endpoint=192.0.2.1:51820', 'persistent_keepalive_interval=25'],
      ...['replace_allowed_ips=true', 'allowed_ip=10.64.0.0/24', '', ''],
    ]);
  });

  it('is not made of a host name, nor of a malformed key, which no message shows', () => {
    expect(() => setSomeText([{ kind: 'add', peer: { ...peer, endpoint: 'example.org:51820' } }])).toThrow(
      'example.org:51820',
    );
    const malformed = new Secret('no key at all');
    expect(() => setAllText({ privateKey: malformed, listenPort: 1, peers: [] })).toThrow(/^(?!.*no key at all)/);
  });
});

describe('an answer', () => {
  it('tells what a device holds', () => {
    const found = parseGet(
      [
        ...[`private_key=${hex(own.privateKey.reveal())}`, 'listen_port=51820', 'fwmark=7'],
        ...[`public_key=${hex(one.publicKey)}`, `preshared_key=${'0'.repeat(64)}`, 'protocol_version=1'],
        ...['endpoint=[2001:db8::1]:4000', 'last_handshake_time_sec=1700000000', 'last_handshake_time_nsec=5'],
        ...['tx_bytes=10', 'rx_bytes=20', 'persistent_keepalive_interval=25'],
        ...['allowed_ip=fd64::/64', 'allowed_ip=10.64.0.0/24', 'something_new=1'],
        ...[`public_key=${hex(other.publicKey)}`, 'last_handshake_time_sec=0', 'errno=0', '', ''],
      ].join('\n'),
    );
    expect(found).toMatchObject({ publicKey: own.publicKey, listenPort: 51_820 });
    expect(found.privateKey?.reveal()).toBe(own.privateKey.reveal());
    const seen = { latestHandshakeAt: 1_700_000_000, receivedBytes: 20, sentBytes: 10 };
    const unseen = { latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 };
    const known = { endpoint: '[2001:db8::1]:4000', allowedIps: ['10.64.0.0/24', 'fd64::/64'], keepaliveSec: 25 };
    expect(found.peers).toEqual([
      { publicKey: one.publicKey, ...known, ...seen },
      { ...quiet, ...unseen },
    ]);
  });

  it('of a device that was not configured yet has no key, no port and no peer', () => {
    const nothing = { privateKey: undefined, publicKey: undefined, listenPort: 0, peers: [] };
    expect(parseGet('errno=0\n\n')).toEqual(nothing);
    expect(parseGet(`private_key=${'0'.repeat(64)}\nerrno=0\n\n`)).toEqual(nothing);
  });

  it('of another shape is refused without being quoted', () => {
    for (const text of ['private_key=abc\n', 'public_key=zz\n', 'listen_port=many\n'])
      expect(() => parseGet(text)).toThrow(/^the answer of a WireGuard process could not be read: (?!.*(abc|zz|many))/);
  });

  it('ends with its errno', () => {
    expect([errnoOf('errno=0\n\n'), errnoOf('listen_port=1\nerrno=-98\n\n')]).toEqual([0, 98]);
    expect(() => errnoOf('listen_port=1\n\n')).toThrow('errno');
  });
});
