/** As whom `wgcni doctor` asks: as the operator whose certificate was said, else as the node of this machine. */
import { readFile } from 'node:fs/promises';
import { checkCredentials, type Credentials, currentSetPath, joinedPaths, readCredentialTexts } from '@wgcni/pki';
import { operatorCredentials, type Targets } from '../targets.ts';

/** Throws CatalogueError `config.invalid`, with the remedy, when there is neither; resolves with undefined for plain HTTP. */
export async function whoAsks(
  targets: Targets,
  urls: readonly string[],
  dataDir: string,
): Promise<Credentials | undefined> {
  const isSaid = targets.insecure || targets.tlsCert !== undefined;
  const tokenId = isSaid ? '' : await readFile(currentSetPath(dataDir), 'utf8').catch(() => '');
  if (tokenId === '') return operatorCredentials(targets, '--manager', urls);
  const paths = joinedPaths(dataDir, tokenId.trim());
  return checkCredentials(paths, await readCredentialTexts(paths));
}
