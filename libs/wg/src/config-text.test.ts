/** The configuration file form. */
import { Secret } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { configText } from './config-text.ts';
import { systemKeys } from './key-generator.ts';

describe('configText', () => {
  const { publicKey, privateKey } = systemKeys.generate();

  it('writes the whole device: key, port and every peer', () => {
    const text = configText({
      privateKey,
      listenPort: 61_000,
      peers: [
        { publicKey, endpoint: '[fd00::1]:51820', allowedIps: ['0.0.0.0/0', '::/0'], keepaliveSec: 25 },
        { publicKey, endpoint: undefined, allowedIps: [], keepaliveSec: 0 },
      ],
    });
    expect(text.reveal().split('\n')).toEqual([
      '[Interface]',
      `PrivateKey = ${privateKey.reveal()}`,
      'ListenPort = 61000',
      '',
      '[Peer]',
      `PublicKey = ${publicKey}`,
      'Endpoint = [fd00::1]:51820',
      'AllowedIPs = 0.0.0.0/0, ::/0',
      'PersistentKeepalive = 25',
      '',
      '[Peer]',
      `PublicKey = ${publicKey}`,
      '',
    ]);
  });

  it('cannot be printed by accident', () => {
    const text = configText({ privateKey: new Secret('k'), listenPort: 1, peers: [] });
    expect(`${JSON.stringify({ text })} ${String(text)}`).not.toContain('PrivateKey');
  });
});
