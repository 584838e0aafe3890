/** PURE: whether a node's certificate is taken, beside what it says itself: the node may be deleted, or known by another key (decision 0007). */
import type { AdmissionRecord } from '@wgcni/store';

/** `deleted`: no certificate of this node is taken; `replaced`: this one is not, since another key has joined under its name. */
export type Standing = 'admitted' | 'deleted' | 'replaced';

/** `keyDigest` is of the key that the connection has shown; unknown of a caller whom a manager forwards, who has looked at it. */
export function standingOf(admission: AdmissionRecord | undefined, keyDigest: string | undefined): Standing {
  // Nothing is known after a store was emptied, and with a PKI of one's own: the certificate alone decides.
  if (admission === undefined) return 'admitted';
  if (admission.state === 'deleted') return 'deleted';
  return keyDigest === undefined || admission.keyDigest === keyDigest ? 'admitted' : 'replaced';
}
