/** The X.509 library, over the platform's own cryptography. */
// It keeps what it knows of ASN.1 types as reflected metadata.
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { createPrivateKey, type KeyObject, webcrypto } from 'node:crypto';

export { x509 };

/** Passed to every call of the library: it has no state of ours. */
export const crypto = webcrypto as unknown as Parameters<typeof x509.cryptoProvider.set>[0];

/** How keys of one kind sign. */
export type Algorithm =
  { name: 'ECDSA'; namedCurve: string; hash: string } | { name: 'RSASSA-PKCS1-v1_5'; hash: string };

/** Of every key that we make. */
export const ownAlgorithm: Algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const curves: Readonly<Record<string, Algorithm>> = {
  prime256v1: ownAlgorithm,
  secp384r1: { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' },
};

/** Throws for a key that is neither EC (P-256, P-384) nor RSA. */
export function algorithmOf(key: KeyObject): Algorithm {
  const found =
    key.asymmetricKeyType === 'rsa'
      ? ({ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' } as const)
      : curves[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (found !== undefined) return found;
  throw new Error(`a key of the type ${key.asymmetricKeyType} cannot be used: it must be EC (P-256, P-384) or RSA`);
}

/** The key as the library signs with it: it cannot be taken out again. */
export function signingKey(pem: string, algorithm: Algorithm): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']);
}

/** The key as the library writes it into a certificate. */
export function verifyingKey(key: KeyObject, algorithm: Algorithm): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'spki', format: 'der' });
  return webcrypto.subtle.importKey('spki', der, algorithm, true, ['verify']);
}
