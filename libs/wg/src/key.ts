/** WireGuard key text: 32 bytes in base64. */
import { CatalogueError } from '@wgcni/base';

export type PublicKey = string & { readonly brand: 'PublicKey' };

/** Exactly the canonical encodings of 32 bytes: 43 characters, the last with two zero bits, and one '='. */
const keyPattern = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$/;

/** Whether `text` is the canonical base64 of 32 bytes. */
export function isKeyText(text: string): boolean {
  return keyPattern.test(text);
}

/** A public key from text. Throws CatalogueError `request.invalid` naming `field`. */
export function parsePublicKey(text: string, field = 'publicKey'): PublicKey {
  if (isKeyText(text)) return text as PublicKey;
  throw new CatalogueError('request.invalid', `${field} "${text}" is not a WireGuard public key`, {
    field,
    remedy: 'give 32 bytes in base64 (44 characters), as `wg pubkey` prints them',
  });
}
