/** Joining by a token (decision 0007): the manager is known by the digest in it, the key is made here and never leaves. */
import { type Certificate, createManagerClient } from '@wgcni/api';
import {
  backoffMs,
  CatalogueError,
  type Clock,
  type Log,
  type Random,
  type Secret,
  toCatalogueError,
} from '@wgcni/base';
import {
  authorityShownBy,
  bearerOf,
  type CredentialPaths,
  generateKeyPair,
  type Identity,
  type JoinToken,
  uncertified,
} from '@wgcni/pki';
import { checkAnswer } from './check-answer.ts';
import type { JoinedFiles } from './joined-files.ts';

export interface JoinDeps {
  files: JoinedFiles;
  token: JoinToken;
  /** Who this node is to be. */
  own: Identity & { kind: 'node' };
  managers: readonly string[];
  /** The key to join with, when none was made for this token yet (default: a new one). */
  generate?: (() => Secret) | undefined;
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
      return await joinAtAny(deps, signal);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toCatalogueError(thrown);
      if (!error.retryable) throw error;
      log.warn({ why: error.message, remedy: error.remedy ?? null }, 'join.waits');
      await clock.sleep(backoffMs(attempt, retries, random), signal);
    }
  }
}

/** Asks each manager once. A stranger among them is passed over, and told of when nobody of ours has answered. */
async function joinAtAny(deps: JoinDeps, signal: AbortSignal): Promise<CredentialPaths> {
  const { files, token, own, managers, log } = deps;
  const { makeCertificateRequest } = await import('@wgcni/pki/authority');
  const key = await files.keyFor(token.id, deps.generate ?? (() => generateKeyPair().key));
  const request = await makeCertificateRequest(key);
  /** Of managers that have shown the authority, and of all others. */
  const [ours, others]: [CatalogueError[], CatalogueError[]] = [[], []];
  for (const url of managers) {
    let failures = others;
    try {
      const authority = await authorityShownBy(url, token.authority, signal);
      failures = ours;
      const answer = await ask({ url, authority, request }, deps, signal);
      checkAnswer(own, files.pathsOf(token.id), key, answer);
      log.info({ nodeId: own.nodeId, tokenId: token.id, manager: url }, 'node.joined');
      return await files.keep(token.id, answer.certificate, answer.authorities);
    } catch (thrown) {
      signal.throwIfAborted();
      const error = toCatalogueError(thrown);
      if (!error.retryable && error.code !== 'authority.unknown') throw error;
      failures.push(error);
    }
  }
  throw (
    ours.find(({ retryable }) => retryable) ??
    ours[0] ??
    others.find(({ retryable }) => !retryable) ??
    others[0] ??
    new CatalogueError('config.invalid', 'no cluster-manager is named')
  );
}

/** Once, at one manager: when it cannot answer, the next one is asked before anybody waits. */
async function ask(
  { url, authority, request }: { url: string; authority: string; request: string },
  { token, own }: JoinDeps,
  signal: AbortSignal,
): Promise<Certificate> {
  const manager = createManagerClient({ urls: [url], credentials: uncertified(authority, own), deadlineMs: 0 });
  try {
    return await manager.join(own.nodeId, { request }, bearerOf(token), signal);
  } finally {
    await manager.close();
  }
}
