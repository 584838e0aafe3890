/** PURE: whether a certificate that has ended is still good for one thing: to be renewed. */
import type { X509Certificate } from 'node:crypto';
import { type Identity, identityIn } from './identity.ts';
import type { Judgement } from './judge-peer.ts';
import { certificatesIn } from './pem.ts';

export interface LateJudging {
  /** PEM of those who may have issued it. */
  authorities: string;
  cluster: string;
  wallMs: number;
  /** How long ago it may have ended, in milliseconds. */
  graceMs: number;
}

/**
 * FENCE: TLS cannot be asked. Told to let everybody speak, it names only the last thing wrong with a chain, so that `expired` may hide `of a stranger`: who
 * issued it is looked at here.
 */
export function judgeLate(
  certificate: X509Certificate,
  { authorities, cluster, wallMs, graceMs }: LateJudging,
): Judgement {
  const isIssuedBy = (authority: X509Certificate): boolean =>
    authority.ca &&
    Date.parse(authority.validTo) > wallMs &&
    certificate.checkIssued(authority) &&
    certificate.verify(authority.publicKey);
  if (certificate.ca || !certificatesIn(authorities).some(isIssuedBy))
    return { identity: undefined, why: 'its certificate is of no authority of ours' };
  const endedMs = wallMs - Date.parse(certificate.validTo);
  if (endedMs >= graceMs) return { identity: undefined, why: 'its certificate has expired too long ago' };
  if (Date.parse(certificate.validFrom) > wallMs)
    return { identity: undefined, why: 'its certificate is not valid yet' };
  const identity: Identity | undefined = identityIn(certificate.subjectAltName);
  if (identity?.cluster === cluster) return { identity };
  return { identity: undefined, why: 'its certificate names nobody of this cluster' };
}
