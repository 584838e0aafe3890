/** Certificates of nodes, as the cluster-manager issues them. */
import { Type, type Static } from '@sinclair/typebox';
import { CertificateRequestText, CertificatesText } from '../formats.ts';

/** The node's key never leaves it: a request carries the public one, and a proof of the private one. */
export const CertificateInputSchema = Type.Object(
  { request: CertificateRequestText },
  { $id: 'CertificateInput', additionalProperties: false },
);

export const CertificateSchema = Type.Object(
  { certificate: CertificatesText, authorities: CertificatesText },
  {
    $id: 'Certificate',
    description: 'certificate with what stands between it and its authority, and the authorities to trust from now on',
  },
);

export type CertificateInput = Static<typeof CertificateInputSchema>;
export type Certificate = Static<typeof CertificateSchema>;
