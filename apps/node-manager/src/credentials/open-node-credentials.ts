/** What this node shows of itself: certificates of a PKI that is there, or those that it got when it joined, now or before. */
import type { ManagerClient } from '@wgcni/api';
import { createManagerClient } from '@wgcni/api';
import { CatalogueError, type Clock, type Log, type Random, type Secret } from '@wgcni/base';
import {
  type CredentialPaths,
  expectIdentity,
  type Identity,
  KeptCredentials,
  openCredentials,
  type ProcessCredentials,
} from '@wgcni/pki';
import type { Config } from '../config.ts';
import { CertificateKeeper } from './certificate-keeper.ts';
import { joinAnew } from './join-anew.ts';
import { joinCluster, type JoinDeps } from './join.ts';
import { JoinedFiles } from './joined-files.ts';
import { isMissingFile, readToken } from './token-file.ts';
import { usableCredentials } from './usable-credentials.ts';

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
 * Joins first when a token was said by which this node has not joined yet; a node that has a certificate that can be used starts on that, and joins
 * meanwhile. Throws CatalogueError `config.invalid` for files that cannot be used, and what joining throws.
 */
export async function openNodeCredentials(config: Config, deps: Deps, signal: AbortSignal): Promise<NodeCredentials> {
  const own = { kind: 'node' as const, cluster: config.cluster, nodeId: config.nodeId };
  const start = config.tls === undefined ? await startOf(config, own, deps, signal) : undefined;
  if (config.tls === undefined && start === undefined) refuseBare(config);
  const issued =
    start === undefined
      ? undefined
      : await KeptCredentials.open({ ...deps, paths: start.paths, accept: expectIdentity(own) });
  const opened = await openCredentials({ ...config, issued }, own, deps, signal);
  const manager = createManagerClient({ urls: config.managers, credentials: opened.tls });
  if (start === undefined || issued === undefined) return { ...opened, manager, keeper: undefined };
  const anew = start.anew === undefined ? undefined : joinAnew(start.anew, issued, signal);
  return {
    ...opened,
    manager,
    keeper: new CertificateKeeper({ ...deps, own, credentials: issued, manager }),
    ended: Promise.all([opened.ended, anew]).then(() => undefined),
  };
}

/** The files that a node starts on, and what it is to join by while it runs. */
interface Start {
  paths: CredentialPaths;
  anew?: JoinDeps;
}

/** Of the token that was said, or of the one by which this node joined before; undefined when it is to have no certificate. */
async function startOf(
  { dataDir, join, managers, takeOver }: Config,
  own: Identity & { kind: 'node' },
  deps: Deps,
  signal: AbortSignal,
): Promise<Start | undefined> {
  const files = new JoinedFiles(dataDir);
  const current = await files.current();
  if (join === undefined) return current === undefined ? undefined : { paths: files.pathsOf(current) };
  // A token is good once: who takes its file away afterwards has not stopped the node.
  if (current !== undefined && isMissingFile(join.reveal())) return { paths: files.pathsOf(current) };
  const token = await readToken(join.reveal());
  // A service that is started again with the token that it has used is not asked to join anew.
  if (current === token.id) return { paths: files.pathsOf(current) };
  // A crash after the answer was written, and before it was said to be the one to show.
  if ((await usableCredentials(files.pathsOf(token.id), own)) !== undefined)
    return { paths: await files.makeCurrent(token.id) };
  const joining = { ...deps, files, token, own, managers };
  // A node that was deleted comes back by a token and --take-over: what it has is good for nothing.
  if (current !== undefined && !takeOver) {
    const paths = files.pathsOf(current);
    const key = (await usableCredentials(paths, own))?.key;
    // FENCE: with the key that it has: by another one it would be taken for another machine, and end as superseded.
    if (key !== undefined && isSameKey(await files.keyBegun(token.id), key))
      return { paths, anew: { ...joining, generate: () => key } };
  }
  return { paths: await joinCluster(joining, signal) };
}

function isSameKey(begun: Secret | undefined, key: Secret): boolean {
  return begun === undefined || begun.reveal().trim() === key.reveal().trim();
}

/** FENCE: who was told to speak TLS never speaks plain because its files are gone. Throws CatalogueError `config.invalid`. */
function refuseBare({ managers, etcd, dataDir }: Config): void {
  if (![...managers, ...etcd].some((url) => url.startsWith('https:'))) return;
  throw new CatalogueError('config.invalid', `this node has no certificate: none was said, and none is in ${dataDir}`, {
    field: '--join',
    remedy: 'give --join TOKEN of `wgcni token create`, or --tls-cert, --tls-key and --tls-ca',
  });
}
