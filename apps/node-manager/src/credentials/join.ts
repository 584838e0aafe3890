/** Joining by a token (decision 0007): the manager is known by the digest in it, the key is made here and never leaves. */
import { createManagerClient } from '@wgcni/api';
import { backoffMs, CatalogueError, type Clock, type Log, type Random, toCatalogueError } from '@wgcni/base';
import {
  authorityShownBy,
  bearerOf,
  checkCredentials,
  type CredentialPaths,
  expectIdentity,
  generateKeyPair,
  type Identity,
  type JoinToken,
  uncertified,
} from '@wgcni/pki';
import type { JoinedFiles } from './joined-files.ts';

export interface JoinDeps {
  files: JoinedFiles;
  token: JoinToken;
  /** Who this node is to be. */
  own: Identity & { kind: 'node' };
  managers: readonly string[];
  clock: Clock;
  random: Random;
  log: Log;
}

const retries = { firstMs: 500, maxMs: 10_000 };

/**
 * Joins, however long nobody answers, and resolves with the files to show from then on. Repeating it with the same token is safe. Throws CatalogueError
 * `token.refused` when the cluster says no, `authority.unknown` when no manager that answers shows the authority of the token.
 */
export async function joinCluster(deps: JoinDeps, signal: AbortSignal): Promise<CredentialPaths> {
  const { clock, random, log } = deps;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await joinOnce(deps, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toCatalogueError(thrown);
      if (!error.retryable) throw error;
      log.warn({ why: error.message, remedy: error.remedy ?? null }, 'join.waits');
      await clock.sleep(backoffMs(attempt, retries, random), signal);
    }
  }
}

async function joinOnce(deps: JoinDeps, signal: AbortSignal): Promise<CredentialPaths> {
  const { files, token, own, managers, log } = deps;
  const { makeCertificateRequest } = await import('@wgcni/pki/authority');
  const key = await files.keyFor(token.id, () => generateKeyPair().key);
  const request = await makeCertificateRequest(key);
  const { url, authority } = await findManager(managers, token.authority, signal);
  const manager = createManagerClient({ urls: [url], credentials: uncertified(authority, own) });
  try {
    const { certificate, authorities } = await manager.join(own.nodeId, { request }, bearerOf(token), signal);
    const paths = files.pathsOf(token.id);
    expectIdentity(own)(paths, checkCredentials(paths, { cert: certificate, key, ca: authorities }));
    log.info({ nodeId: own.nodeId, tokenId: token.id, manager: url }, 'node.joined');
    return await files.keep(token.id, certificate, authorities);
  } finally {
    await manager.close();
  }
}

/** The first manager that answers with the authority of the token. A stranger among them is passed over, and told of when nobody else is there. */
async function findManager(
  urls: readonly string[],
  digest: string,
  signal: AbortSignal,
): Promise<{ url: string; authority: string }> {
  const failures: CatalogueError[] = [];
  for (const url of urls) {
    try {
      return { url, authority: await authorityShownBy(url, digest, signal) };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CatalogueError)) throw error;
      failures.push(error);
    }
  }
  const worst = failures.find(({ retryable }) => !retryable) ?? failures[0];
  throw worst ?? new CatalogueError('config.invalid', 'no cluster-manager is named');
}
