/** Key pairs, checked against `wg pubkey`. */
import { Secret } from '@wgcni/base';
import { Processes } from '@wgcni/iproute';
import { describe, expect, it } from 'vitest';
import { systemKeys } from './key-generator.ts';
import { isKeyText } from './key.ts';

/** RFC 7748 §5.2: the first step of its iterated test, the scalar 9 times the base point. */
const rfcScalar = Buffer.concat([Buffer.of(9), Buffer.alloc(31)]);
const rfcProduct = '422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079';

describe('systemKeys', () => {
  it('makes pairs that differ, in canonical text', () => {
    const pairs = Array.from({ length: 20 }, () => systemKeys.generate());
    expect(new Set(pairs.map((pair) => pair.publicKey)).size).toBe(20);
    expect(pairs.every((pair) => isKeyText(pair.privateKey.reveal()) && isKeyText(pair.publicKey))).toBe(true);
  });

  it('gives the public key that `wg pubkey` gives', async () => {
    for (const pair of [systemKeys.generate(), systemKeys.generate()]) {
      const input = `${pair.privateKey.reveal()}\n`;
      const printed = (await new Processes().run({ argv: ['wg', 'pubkey'], input })).stdout.trim();
      expect(pair.publicKey).toBe(printed);
      expect(systemKeys.publicKeyOf(pair.privateKey)).toBe(printed);
    }
  });

  it('makes private keys that are clamped, so that a device shows the same text', () => {
    const raw = Buffer.from(systemKeys.generate().privateKey.reveal(), 'base64');
    expect([(raw[0] ?? 1) & 7, (raw[31] ?? 0) & 192]).toEqual([0, 64]);
  });

  it('gives the public key of RFC 7748', () => {
    const privateKey = new Secret(rfcScalar.toString('base64'));
    const publicKey = Buffer.from(systemKeys.publicKeyOf(privateKey), 'base64').toString('hex');
    expect(publicKey).toBe(rfcProduct);
  });

  it('refuses a malformed private key without printing it', () => {
    expect(() => systemKeys.publicKeyOf(new Secret('not a key'))).toThrow(/^(?!.*not a key).*32 bytes/);
  });
});
