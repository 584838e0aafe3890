/** PURE: how much of a certificate's life is left, and when somebody should be told. */
import type { Credentials } from './credentials.ts';

/** What a process shows a certificate for: its own REST, and the store. */
const shownFor = ['tls', 'etcd'] as const;

export interface CertificateLife {
  use: (typeof shownFor)[number];
  /** By the wall clock. */
  validFromMs: number;
  validToMs: number;
}

/** Whether a third or less of a life is left: whatever renews it at two thirds has failed by then. */
export function isExpiring({ validFromMs, validToMs }: Omit<CertificateLife, 'use'>, wallMs: number): boolean {
  return validToMs - wallMs <= (validToMs - validFromMs) / 3;
}

/** The certificates that a process has now. */
export function livesOf(
  sources: Readonly<Record<CertificateLife['use'], { readonly current: Credentials } | undefined>>,
): CertificateLife[] {
  return shownFor.flatMap((use) => {
    const current = sources[use]?.current;
    return current === undefined ? [] : [{ use, validFromMs: current.validFromMs, validToMs: current.validToMs }];
  });
}
