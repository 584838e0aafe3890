/** PURE: the certificates in a text. */
import { X509Certificate } from 'node:crypto';

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Each certificate of a PEM text, in its order; whatever stands between them is passed over. Throws for one that is none. */
export function certificatesIn(pem: string): X509Certificate[] {
  return (pem.match(pemCertificate) ?? []).map((text) => new X509Certificate(text));
}

/** Whether a certificate is signed with its own key: where a chain ends. */
export function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate) && certificate.verify(certificate.publicKey);
}

/** As PEM, with the newline that ends a file. */
export function pemOf(certificate: X509Certificate): string {
  return certificate.toString();
}
