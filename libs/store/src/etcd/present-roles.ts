/** Calls that came while users and roles of etcd were changed. */
import { isOldAuthRevision } from './errors.ts';

/** A setup makes about ten changes, one after the other. */
const mostTries = 20;

/**
 * Repeats a call that etcd judged by users and roles which changed before its turn: it refuses such a call unapplied, whatever it is, and the same call
 * may be allowed now.
 */
export async function underPresentRoles<T>(call: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await call();
    } catch (error) {
      if (!isOldAuthRevision(error) || tried === mostTries) throw error;
    }
  }
}
