/** How a client of the cluster-managers dials: TLS 1.3, its own certificate, and nobody taken for a manager who is not one of its cluster. */
import { checkServerIdentity, createSecureContext, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import type { Credentials } from './credentials.ts';
import { identityIn } from './identity.ts';

/** For `tls.connect`. A session is never resumed, so that each connection is judged by the certificates of its own time. */
export function clientOptions(
  credentials: Credentials,
): Required<Pick<ConnectionOptions, 'secureContext' | 'checkServerIdentity'>> {
  const { cert, key, ca, identity } = credentials;
  return {
    secureContext: createSecureContext({ cert, key: key.reveal(), ca, minVersion: 'TLSv1.3' }),
    checkServerIdentity: (host, certificate) =>
      checkServerIdentity(host, certificate) ?? checkManager(certificate, identity?.cluster),
  };
}

/** FENCE: a node's certificate may well carry the address of a machine on which a manager runs too. */
function checkManager({ subjectaltname }: PeerCertificate, cluster: string | undefined): Error | undefined {
  const identity = identityIn(subjectaltname);
  if (identity?.kind === 'manager' && identity.cluster === cluster) return undefined;
  return new Error(`its certificate is not that of a cluster-manager of ${cluster ?? 'any cluster'}`);
}
