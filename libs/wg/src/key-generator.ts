/** Curve25519 key pairs from node:crypto, in WireGuard's text form. */
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { CatalogueError, Secret } from '@wgcni/base';
import { isKeyText, parsePublicKey, type PublicKey } from './key.ts';
import type { KeyGenerator } from './port.ts';

/** RFC 8410: a PKCS #8 X25519 private key is these 16 bytes and the 32 of the key. */
const pkcs8Prefix = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** Keys from the operating system's randomness. */
export const systemKeys: KeyGenerator = {
  generate() {
    const { privateKey } = generateKeyPairSync('x25519');
    return { publicKey: publicText(privateKey), privateKey: new Secret(privateText(privateKey)) };
  },

  publicKeyOf(privateKey) {
    // The text itself must never stand in a message.
    if (!isKeyText(privateKey.reveal())) {
      throw new CatalogueError('decode.failed', 'a private key is not 32 bytes in base64', {
        field: 'privateKey',
        remedy: 'replace the key file with one that `wg genkey` makes, or delete it to have a new key made',
      });
    }
    return derived(privateKey.reveal());
  },
};

/** Public keys derived last, by a digest of the private ones: a node asks for the same two at every look at its devices. */
const recent = new Map<string, PublicKey>();
const mostRecent = 16;

function derived(privateKeyText: string): PublicKey {
  const digest = createHash('sha256').update(privateKeyText).digest('base64');
  const known = recent.get(digest);
  if (known !== undefined) return known;
  const der = Buffer.concat([pkcs8Prefix, clamped(Buffer.from(privateKeyText, 'base64'))]);
  const publicKey = publicText(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  for (const [oldest] of recent) if (recent.size >= mostRecent) recent.delete(oldest);
  recent.set(digest, publicKey);
  return publicKey;
}

function privateText(key: KeyObject): string {
  return clamped(key.export({ format: 'der', type: 'pkcs8' }).subarray(pkcs8Prefix.length)).toString('base64');
}

function publicText(key: KeyObject): PublicKey {
  return parsePublicKey(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64'));
}

/** RFC 7748 §5: the bits that every implementation sets anyway; devices show keys with them set, so ours have them from the start. */
function clamped(raw: Buffer): Buffer {
  const key = Buffer.from(raw);
  key.writeUInt8(key.readUInt8(0) & 248, 0);
  key.writeUInt8((key.readUInt8(31) & 127) | 64, 31);
  return key;
}
