/** When a certificate ends, as a person is told. */
import { duration } from './table.ts';

export interface CertificateEnd {
  /** ISO 8601. */
  validTo: string;
  /** Negative once it has ended. */
  endsInSec: number;
  /** A third or less of its life is left. */
  isExpiring: boolean;
}

/** One line; a warning where whatever renews it should have done so. */
export function certificateLine(of: string, { validTo, endsInSec, isExpiring }: CertificateEnd): string {
  const line = `certificate ${of} ${endsInSec > 0 ? `ends in ${duration(endsInSec)}` : 'HAS ENDED'} (${validTo})`;
  return isExpiring ? `WARNING: ${line}: nobody has renewed it` : line;
}
