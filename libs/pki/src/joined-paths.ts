/** Where the credentials of a node that joined by a token stand in its data directory: a set for each token, and which set is used. */
import { join } from 'node:path';
import type { CredentialPaths } from './credential-paths.ts';

/** The folder in the data directory. */
export const credentialsFolder = 'credentials';

/** The file that holds the id of the token whose set is used. */
export function currentSetPath(dataDir: string): string {
  return join(dataDir, credentialsFolder, 'current');
}

/** The three files of a token, there or not. */
export function joinedPaths(dataDir: string, tokenId: string): CredentialPaths {
  const path = (part: string): string => join(dataDir, credentialsFolder, `${tokenId}.${part}.pem`);
  return { use: 'tls', cert: path('cert'), key: path('key'), ca: path('ca') };
}
