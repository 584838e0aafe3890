/** New key pairs: EC on P-256, as PKCS #8 PEM that cannot print itself. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { Secret } from '@wgcni/base';

export interface KeyPair {
  key: Secret;
  publicKey: KeyObject;
}

/** Takes well under a millisecond. */
export function generateKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { key: new Secret(privateKey.export({ type: 'pkcs8', format: 'pem' }) as string), publicKey };
}
