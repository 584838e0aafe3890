/** What this node shows of itself: certificates of a PKI that is there, or those that it got when it joined, now or before. */
import type { ManagerClient } from '@wgcni/api';
import { createManagerClient } from '@wgcni/api';
import { CatalogueError, type Clock, type Log, messageOf, type Random } from '@wgcni/base';
import {
  type CredentialPaths,
  expectIdentity,
  type Identity,
  KeptCredentials,
  openCredentials,
  parseToken,
  type ProcessCredentials,
} from '@wgcni/pki';
import { readFile } from 'node:fs/promises';
import type { Config } from '../config.ts';
import { CertificateKeeper } from './certificate-keeper.ts';
import { joinCluster } from './join.ts';
import { JoinedFiles } from './joined-files.ts';

export interface NodeCredentials extends ProcessCredentials {
  manager: ManagerClient;
  /** Keeps the certificate of a node that joined. */
  keeper: CertificateKeeper | undefined;
}

interface Deps {
  clock: Clock;
  random: Random;
  log: Log;
}

/**
 * Joins first when a token was said by which this node has not joined yet. Throws CatalogueError `config.invalid` for files that cannot be used, and what
 * joining throws.
 */
export async function openNodeCredentials(config: Config, deps: Deps, signal: AbortSignal): Promise<NodeCredentials> {
  const own = { kind: 'node' as const, cluster: config.cluster, nodeId: config.nodeId };
  const joined = config.tls === undefined ? await joinedPaths(config, own, deps, signal) : undefined;
  const issued =
    joined === undefined
      ? undefined
      : await KeptCredentials.open({ ...deps, paths: joined, accept: expectIdentity(own) });
  const opened = await openCredentials({ ...config, issued }, own, deps, signal);
  const manager = createManagerClient({ urls: config.managers, credentials: opened.tls });
  if (joined === undefined || issued === undefined) return { ...opened, manager, keeper: undefined };
  return {
    ...opened,
    manager,
    keeper: new CertificateKeeper({ ...deps, paths: joined, own, credentials: issued, manager }),
  };
}

/** The files of the token that was said, or of the one by which this node joined before. */
async function joinedPaths(
  { dataDir, join, managers }: Config,
  own: Identity & { kind: 'node' },
  deps: Deps,
  signal: AbortSignal,
): Promise<CredentialPaths | undefined> {
  const files = new JoinedFiles(dataDir);
  const current = await files.current();
  if (join === undefined) return current === undefined ? undefined : files.pathsOf(current);
  const word = await wordOf(join.reveal(), current !== undefined);
  // A token is good once: who takes its file away afterwards has not stopped the node.
  if (word === undefined && current !== undefined) return files.pathsOf(current);
  const token = parseToken(word ?? '', '--join');
  // A service that is started again with the token that it has used is not asked to join anew.
  if (current === token.id) return files.pathsOf(current);
  return joinCluster({ ...deps, files, token, own, managers }, signal);
}

/** The token itself, or that in a file: an argument can be read by everybody on the machine. Undefined without the file, where it may be missing. */
async function wordOf(said: string, mayBeMissing: boolean): Promise<string | undefined> {
  if (!said.startsWith('/')) return said;
  return readFile(said, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (mayBeMissing && cause.code === 'ENOENT') return undefined;
    throw new CatalogueError('config.invalid', `--join ${said} cannot be read: ${messageOf(cause)}`, {
      field: '--join',
      remedy: 'name a file that holds the token',
    });
  });
}
