/** PURE: whether a node's certificate is taken, beside what it says itself: the node may be deleted, or known by another key (decision 0007). */
import { CatalogueError } from '@wgcni/base';
import type { AdmissionRecord } from '@wgcni/store';

/** `deleted`: no certificate of this node is taken; `replaced`: this one is not, since the node is, or was, known by another key. */
export type Standing = 'admitted' | 'deleted' | 'replaced';

/** `keyDigest` is of the key that the caller has shown. */
export function standingOf(admission: AdmissionRecord | undefined, keyDigest: string | undefined): Standing {
  // Nothing is known after a store was emptied, and with a PKI of one's own: the certificate alone decides.
  if (admission === undefined) return 'admitted';
  if (admission.keyDigest !== null && admission.keyDigest !== keyDigest) return 'replaced';
  return admission.state === 'deleted' ? 'deleted' : 'admitted';
}

/** The code by which a node is refused. */
export function refusalOf(standing: Exclude<Standing, 'admitted'>): 'identity.deleted' | 'identity.replaced' {
  return `identity.${standing}`;
}

/** Throws CatalogueError `identity.deleted` or `identity.replaced` when the node is not to be served. */
export function refuseUnadmitted(admission: AdmissionRecord | undefined, keyDigest: string | undefined): void {
  const standing = standingOf(admission, keyDigest);
  if (standing === 'admitted') return;
  const why =
    standing === 'deleted' ? 'this node was deleted from the cluster' : 'this node has joined with another key';
  throw new CatalogueError(refusalOf(standing), why);
}
