/** PURE: when a certificate is to be renewed: at two thirds of its life. */
import type { X509Certificate } from 'node:crypto';

/** The instant by the wall clock, in milliseconds. */
export function renewalAtMs({ validFrom, validTo }: Pick<X509Certificate, 'validFrom' | 'validTo'>): number {
  const [from, to] = [Date.parse(validFrom), Date.parse(validTo)];
  return from + ((to - from) * 2) / 3;
}

export function isRenewalDue(certificate: Pick<X509Certificate, 'validFrom' | 'validTo'>, wallMs: number): boolean {
  return wallMs >= renewalAtMs(certificate);
}
