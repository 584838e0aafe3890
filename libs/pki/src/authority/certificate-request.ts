/** Certificate requests (PKCS #10, RFC 2986): they carry a public key and prove that the private one is there; what they ask for beside it is not looked at. */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { CatalogueError, messageOf, type Secret } from '@wgcni/base';
import { algorithmOf, crypto, signingKey, verifyingKey, x509 } from './x509.ts';

/** PEM of a request for a certificate of this key (PKCS #8, PEM). */
export async function makeCertificateRequest(key: Secret): Promise<string> {
  const privateKey = createPrivateKey(key.reveal());
  const algorithm = algorithmOf(privateKey);
  const request = await x509.Pkcs10CertificateRequestGenerator.create(
    {
      name: 'CN=wgcni',
      keys: {
        privateKey: await signingKey(key.reveal(), algorithm),
        publicKey: await verifyingKey(createPublicKey(privateKey), algorithm),
      },
      signingAlgorithm: algorithm,
    },
    crypto,
  );
  return `${request.toString('pem')}\n`;
}

/** The public key of a request. Throws CatalogueError `request.invalid` for what is none, or not signed with that key. */
export async function readCertificateRequest(pem: string): Promise<KeyObject> {
  try {
    const request = new x509.Pkcs10CertificateRequest(pem);
    const publicKey = createPublicKey({
      key: Buffer.from(request.publicKey.rawData),
      format: 'der',
      type: 'spki',
    });
    algorithmOf(publicKey);
    if (await request.verify(crypto)) return publicKey;
    throw new Error('it is not signed with its own key');
  } catch (error) {
    throw new CatalogueError('request.invalid', `the certificate request cannot be used: ${messageOf(error)}`, {
      field: 'request',
      remedy: 'send a PKCS #10 request as PEM, of an EC key (P-256, P-384) or an RSA key',
      cause: error,
    });
  }
}
