/** The texts by which certificates and public keys are compared and told to people: SHA-256 in lower-case hexadecimal. */
import { createHash, createPublicKey, type KeyObject, type X509Certificate } from 'node:crypto';

/** Of the whole certificate (DER): what `openssl x509 -fingerprint -sha256` shows. */
export function certificateDigest(certificate: X509Certificate): string {
  return sha256(certificate.raw);
}

/** Of a public key (SubjectPublicKeyInfo, DER): the same for every certificate of one key. */
export function publicKeyDigest(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return sha256(publicKey.export({ type: 'spki', format: 'der' }));
}

/** Of any bytes. */
export function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
