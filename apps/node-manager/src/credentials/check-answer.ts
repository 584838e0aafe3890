/** PURE: what a cluster-manager answers to a node that joins or renews is written only when the node can live by it. */
import type { Certificate } from '@wgcni/api';
import { CatalogueError, type Secret } from '@wgcni/base';
import { chainsTo, checkCredentials, type CredentialPaths, expectIdentity, type Identity } from '@wgcni/pki';

/**
 * Throws CatalogueError `config.invalid` for a certificate of another key or another name, `authority.unknown` for one that none of the authorities
 * vouches for: with such a set nobody would take this node any more, and it could not even ask for another.
 */
export function checkAnswer(
  own: Identity,
  paths: CredentialPaths,
  key: Secret,
  { certificate, authorities }: Certificate,
): void {
  expectIdentity(own)(paths, checkCredentials(paths, { cert: certificate, key, ca: authorities }));
  if (chainsTo(certificate, authorities)) return;
  throw new CatalogueError(
    'authority.unknown',
    'none of the authorities that were answered vouches for the certificate',
    {
      remedy:
        'see that --authority-ca of the cluster-managers holds the authority of --authority-cert, or the one before it',
    },
  );
}
