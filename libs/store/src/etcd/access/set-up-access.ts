/** Reads how etcd's users and roles stand for a cluster, and makes them as they should be. */
import { CatalogueError, messageOf, type Random } from '@wgcni/base';
import { isForbidden } from '../errors.ts';
import { Member } from '../members.ts';
import type { EtcdOptions } from '../options.ts';
import { planAccess, wantedAccess, type AccessChange, type ClusterUsers } from './access.ts';
import { isAuthEnabled, makeChange, observeAccess } from './auth-calls.ts';
import { enableAuth } from './enable-auth.ts';
import { knownBypass } from './known-bypasses.ts';

export interface AccessReport {
  /** Whether etcd asked who somebody is, before anything was changed. */
  isEnabled: boolean;
  /** What was not as it should be, in the order in which it is made so. */
  changes: AccessChange[];
  /** What is known against the roles of this version of etcd, one sentence. */
  bypass: string | undefined;
}

/** A password is made slow to guess, on purpose. */
const timeoutMs = 10_000;

/**
 * Looks, and changes nothing. Throws CatalogueError `store.unavailable` when no member answers, `store.refused` when auth is on and the certificate
 * is not root's.
 */
export async function readAccess(options: EtcdOptions, users: ClusterUsers): Promise<AccessReport> {
  return withMembers(options, async (members) => look(await firstOf(members), users));
}

/**
 * Makes users and roles as they should be, then switches auth on; answers what it has changed. It may be repeated after any failure. The same
 * errors, and `store.refused` when auth had to be switched off again.
 */
export async function setUpAccess(options: EtcdOptions, users: ClusterUsers, random: Random): Promise<AccessReport> {
  return withMembers(options, async (members) => {
    const member = await firstOf(members);
    const report = await look(member, users);
    for (const change of report.changes) await makeChange(member.unary.auth, change);
    if (!report.isEnabled) await enableAuth(members, options, random);
    return report;
  });
}

async function look({ unary }: Member, users: ClusterUsers): Promise<AccessReport> {
  const wanted = wantedAccess(users);
  const { version } = await unary.maintenance.status();
  return {
    isEnabled: await isAuthEnabled(unary.auth),
    changes: planAccess(wanted, await observeAccess(unary.auth, wanted)),
    bypass: knownBypass(version),
  };
}

/** The first that answers. Throws what the last one said. */
async function firstOf(members: readonly Member[]): Promise<Member> {
  let cause: unknown = new RangeError('no etcd member is named');
  for (const member of members) {
    try {
      await isAuthEnabled(member.unary.auth);
      return member;
    } catch (error) {
      cause = error;
    }
  }
  throw cause;
}

async function withMembers<T>(options: EtcdOptions, work: (members: readonly Member[]) => Promise<T>): Promise<T> {
  const members = options.urls.map((url) => new Member(url, { unaryTimeoutMs: timeoutMs, ...options }));
  try {
    return await work(members);
  } catch (error) {
    throw error instanceof CatalogueError ? error : explained(error);
  } finally {
    for (const member of members) member.close();
  }
}

function explained(cause: unknown): CatalogueError {
  if (isForbidden(cause))
    return new CatalogueError('store.refused', `etcd refuses this certificate: ${messageOf(cause)}`, {
      remedy: 'auth is on: use the certificate whose common name is root',
      cause,
    });
  return new CatalogueError('store.unavailable', `etcd did not answer: ${messageOf(cause)}`, {
    remedy: 'see that etcd has a quorum, then run this again',
    cause,
  });
}
