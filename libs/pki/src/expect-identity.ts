/** PURE: credentials must be those of this very process, or somebody else would act under its name. */
import { CatalogueError } from '@wgcni/base';
import { credentialFlag, type CredentialPaths } from './credential-paths.ts';
import type { Credentials } from './credentials.ts';
import { formatIdentity, type Identity } from './identity.ts';

/** Refuses (CatalogueError `config.invalid`) a certificate of anybody but `expected`. */
export function expectIdentity(expected: Identity): (paths: CredentialPaths, credentials: Credentials) => void {
  const wanted = formatIdentity(expected);
  return (paths, { identity }) => {
    const named = identity === undefined ? undefined : formatIdentity(identity);
    if (named === wanted) return;
    throw refuse(paths, named === undefined ? 'names nobody of a cluster' : `is of ${named}`, `URI:${wanted}`);
  };
}

/** Refuses (CatalogueError `config.invalid`) a certificate that names nobody. */
export function expectAnybody(paths: CredentialPaths, { identity }: Credentials): void {
  if (identity === undefined)
    throw refuse(paths, 'names nobody of a cluster', 'URI:wgcni://<cluster>/operator/<read|operate|admin>/<name>');
}

function refuse(paths: CredentialPaths, why: string, altName: string): CatalogueError {
  const field = credentialFlag(paths.use, 'cert');
  return new CatalogueError('config.invalid', `${field} ${paths.cert} ${why}`, {
    field,
    remedy: `have it issued with the subject alternative name ${altName}, and no other wgcni:// one`,
  });
}
