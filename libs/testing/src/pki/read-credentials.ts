/** Credentials as files of a directory: what a process is named, and what a test reads to be somebody. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Secret } from '@wgcni/base';
import { checkCredentials, type CredentialPaths, type CredentialSource, type CredentialUse } from '@wgcni/pki';

/** Where `writeCredentials` puts them. */
export function credentialPathsIn(dir: string, use: CredentialUse = 'tls'): CredentialPaths {
  return { use, cert: join(dir, 'cert.pem'), key: join(dir, 'key.pem'), ca: join(dir, 'ca.pem') };
}

/** What stands there now. Throws an error that names a file that is missing, or is not what it should be. */
export function readCredentials(dir: string): CredentialSource {
  const paths = credentialPathsIn(dir);
  const read = (path: string): string => readFileSync(path, 'utf8');
  const texts = { cert: read(paths.cert), key: new Secret(read(paths.key)), ca: read(paths.ca) };
  return { current: checkCredentials(paths, texts), onChange: () => () => {} };
}
