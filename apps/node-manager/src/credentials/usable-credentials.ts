/** Whether the files of a token are whole, belong together, and are those of this very node. */
import { CatalogueError } from '@wgcni/base';
import {
  chainsTo,
  checkCredentials,
  type CredentialPaths,
  type Credentials,
  expectIdentity,
  type Identity,
  readCredentialTexts,
} from '@wgcni/pki';

/** What they hold; undefined when nobody could show it. Its age is not looked at: a node whose certificate has ended may still renew it. */
export async function usableCredentials(paths: CredentialPaths, own: Identity): Promise<Credentials | undefined> {
  try {
    const found = checkCredentials(paths, await readCredentialTexts(paths));
    expectIdentity(own)(paths, found);
    return chainsTo(found.cert, found.ca) ? found : undefined;
  } catch (error) {
    if (error instanceof CatalogueError && error.code === 'config.invalid') return undefined;
    throw error;
  }
}
