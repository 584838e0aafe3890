/** PURE: the certificates of a node as its status shows them. */
import type { NodeStatus } from '@wgcni/api';
import { type CertificateLife, isExpiring } from '@wgcni/pki';

/** `wallMs` is now. */
export function certificateStatus(lives: readonly CertificateLife[], wallMs: number): NodeStatus['certificates'] {
  return lives.map((life) => ({
    use: life.use,
    validTo: new Date(life.validToMs).toISOString(),
    endsInSec: Math.floor((life.validToMs - wallMs) / 1_000),
    isExpiring: isExpiring(life, wallMs),
  }));
}
