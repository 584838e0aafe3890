/** Switches auth on, and off again when it would lock everybody out. */
import { CatalogueError, messageOf, randomId, type Random } from '@wgcni/base';
import { Member } from '../members.ts';
import type { EtcdOptions } from '../options.ts';
import { rootName, wayBackPrefix } from './access.ts';
import { isAuthEnabled } from './auth-calls.ts';

/**
 * Every member is asked afterwards whether it takes our certificate for root. A member that does not look at common names (no `--client-cert-auth`)
 * knows nobody from then on, and nobody could switch auth off: so a user with a password that only this process knows is there until all have
 * answered. Throws CatalogueError `store.refused` when auth is off again for that reason.
 */
export async function enableAuth(members: readonly Member[], options: EtcdOptions, random: Random): Promise<void> {
  const [first] = members;
  if (first === undefined) throw new RangeError('no etcd member is named');
  // With auth off all members must answer: one that is away could not be asked afterwards.
  for (const member of members) await isAuthEnabled(member.unary.auth);
  const wayBack = { username: `${wayBackPrefix}${randomId(random)}`, password: randomId(random) };
  const { auth } = first.unary;
  await auth.userAdd({ name: wayBack.username, password: wayBack.password });
  // ORDER: the way back is there before the door closes, and goes after all members have let us in.
  await auth.userGrantRole({ user: wayBack.username, role: rootName });
  try {
    await auth.authEnable();
    for (const member of members) await proveRoot(member);
  } catch (cause) {
    await goBack(first, { ...options, auth: wayBack });
    await auth.userDelete({ name: wayBack.username });
    throw new CatalogueError('store.refused', `auth is off again: ${messageOf(cause)}`, {
      remedy: 'start every member of etcd with --client-cert-auth, then run this again',
      cause,
    });
  }
  await auth.userDelete({ name: wayBack.username });
}

/** Throws when the member does not take us for root. */
async function proveRoot({ url, unary }: Member): Promise<void> {
  try {
    await unary.auth.userList();
  } catch (cause) {
    throw new Error(`${url} does not take this certificate for root's (${messageOf(cause)})`, { cause });
  }
}

/** Without auth there is nobody to be authenticated, and nothing to switch off. */
async function goBack(member: Member, options: EtcdOptions): Promise<void> {
  if (!(await isAuthEnabled(member.unary.auth))) return;
  const inside = new Member(member.url, options);
  try {
    await inside.unary.auth.authDisable();
  } finally {
    inside.close();
  }
}
