/** The certificate, key and authorities of a process, read from files and checked before anything uses them. */
import { CatalogueError, messageOf, type Secret } from '@wgcni/base';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { credentialFlag, type CredentialPaths } from './credential-paths.ts';
import { type Identity, identityIn } from './identity.ts';
import { certificatesIn } from './pem.ts';
import { readPrivateKey } from './private-key-file.ts';

/** What the files hold; PEM. */
export interface CredentialTexts {
  cert: string;
  key: Secret;
  ca: string;
}

export interface Credentials extends CredentialTexts {
  /** Who the certificate says we are; a certificate for etcd need not say. */
  identity: Identity | undefined;
  /** When the certificate begins and ends, by the wall clock. */
  validFromMs: number;
  validToMs: number;
}

type Part = 'cert' | 'key' | 'ca';

/** Throws CatalogueError `config.invalid` for a file that cannot be read, and for a key that others may read. */
export async function readCredentialTexts(paths: CredentialPaths): Promise<CredentialTexts> {
  const reading = [
    readPart(paths, 'cert'),
    readPart(paths, 'ca'),
    readPrivateKey(paths.key, credentialFlag(paths.use, 'key')),
  ] as const;
  // Of several that cannot be read the first is told of, whichever failed sooner: one reason is told once.
  await Promise.allSettled(reading);
  const [cert, ca, key] = await Promise.all(reading);
  return { cert, key, ca };
}

/** Throws CatalogueError `config.invalid` when a text is not what it should be, or the key is another certificate's. */
export function checkCredentials(paths: CredentialPaths, texts: CredentialTexts): Credentials {
  const certificate = parsing(paths, 'cert', () => new X509Certificate(texts.cert));
  const key = parsing(paths, 'key', () => createPrivateKey(texts.key.reveal()));
  if (!certificate.checkPrivateKey(key))
    throw refuse(paths, 'key', `is not the key of ${paths.cert}`, 'give the certificate and key that belong together');
  parsing(paths, 'ca', () => {
    if (certificatesIn(texts.ca).length === 0) throw new Error('it holds no certificate');
  });
  parsing(paths, 'cert', () => createSecureContext({ ...texts, key: texts.key.reveal(), minVersion: 'TLSv1.3' }));
  return {
    ...texts,
    identity: identityIn(certificate.subjectAltName),
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
  };
}

/** Whether two looks at the files found the same: the same texts, or the same reason why there are none. */
export function isSameFound(one: CredentialTexts | string, other: CredentialTexts | string): boolean {
  if (typeof one === 'string' || typeof other === 'string') return one === other;
  return one.cert === other.cert && one.ca === other.ca && one.key.reveal() === other.key.reveal();
}

function readPart(paths: CredentialPaths, part: 'cert' | 'ca'): Promise<string> {
  return readFile(paths[part], 'utf8').catch((cause: unknown) => {
    throw unreadable(paths, part, cause);
  });
}

function parsing<T>(paths: CredentialPaths, part: Part, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    const what = part === 'key' ? 'an unencrypted private key' : 'a certificate';
    throw refuse(paths, part, `does not hold ${what}: ${messageOf(cause)}`, `give ${what} as PEM`);
  }
}

function unreadable(paths: CredentialPaths, part: Part, cause: unknown): CatalogueError {
  return refuse(paths, part, `cannot be read: ${messageOf(cause)}`, 'name a file that this process may read');
}

function refuse(paths: CredentialPaths, part: Part, why: string, remedy: string): CatalogueError {
  const field = credentialFlag(paths.use, part);
  return new CatalogueError('config.invalid', `${field} ${paths[part]} ${why}`, { field, remedy });
}
