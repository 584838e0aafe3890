/** Key text. */
import { describe, expect, it } from 'vitest';
import { isKeyText, parsePublicKey } from './key.ts';

describe('key text', () => {
  it('is the canonical base64 of 32 bytes', () => {
    expect(isKeyText(Buffer.alloc(32, 7).toString('base64'))).toBe(true);
    expect(isKeyText(Buffer.alloc(31, 7).toString('base64'))).toBe(false);
    expect(isKeyText(`${'a'.repeat(42)}B=`)).toBe(false);
  });

  it('is refused with the field and the remedy when malformed', () => {
    expect(() => parsePublicKey('nope', 'peer')).toThrow('peer "nope" is not a WireGuard public key');
  });
});
