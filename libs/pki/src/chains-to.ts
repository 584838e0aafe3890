/** PURE: whether a certificate leads to an authority that is trusted, by way of what was shown with it. */
import type { X509Certificate } from 'node:crypto';
import { certificatesIn } from './pem.ts';

/**
 * Of two PEM texts: a certificate and what stands between, and the authorities. Each link is judged by its signature. Not by its dates: a clock that is
 * wrong now is right later. Throws for a text that is not PEM.
 */
export function chainsTo(shown: string, authorities: string): boolean {
  const [own, ...between] = certificatesIn(shown);
  const anchors = certificatesIn(authorities).filter(({ ca }) => ca);
  return own !== undefined && leadsTo(own, between, anchors);
}

function leadsTo(
  certificate: X509Certificate,
  between: readonly X509Certificate[],
  anchors: readonly X509Certificate[],
): boolean {
  if (anchors.some((anchor) => isSignedBy(certificate, anchor))) return true;
  return between.some(
    (link) =>
      link.ca &&
      isSignedBy(certificate, link) &&
      leadsTo(
        link,
        between.filter((each) => each !== link),
        anchors,
      ),
  );
}

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
