/** A certificate's end is shown as an instant, as what is left, and as whether somebody should look. */
import { expect, it } from 'vitest';
import { certificateStatus } from './certificate-status.ts';

it('shows what is left by the clock of the node, and less than nothing once it has ended', () => {
  const life = { use: 'tls' as const, validFromMs: 0, validToMs: 90_000 };
  const validTo = '1970-01-01T00:01:30.000Z';
  expect(certificateStatus([life, { ...life, use: 'etcd' }], 30_000)).toEqual([
    { use: 'tls', validTo, endsInSec: 60, isExpiring: false },
    { use: 'etcd', validTo, endsInSec: 60, isExpiring: false },
  ]);
  expect(certificateStatus([life], 61_000)).toEqual([{ use: 'tls', validTo, endsInSec: 29, isExpiring: true }]);
  expect(certificateStatus([life], 95_000)).toEqual([{ use: 'tls', validTo, endsInSec: -5, isExpiring: true }]);
});
