/** How clients dial: TLS 1.3, their own certificate, and nobody taken for a manager or a node who is not one of their cluster. */
import { checkServerIdentity, createSecureContext, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import type { Credentials } from './credentials.ts';
import { identityIn } from './identity.ts';

/** For `tls.connect`. A session is never resumed, so that each connection is judged by the certificates of its own time. */
export type ClientOptions = Required<Pick<ConnectionOptions, 'secureContext' | 'checkServerIdentity'>>;

/** Of cluster-managers. */
export function clientOptions(credentials: Credentials): ClientOptions {
  const { identity } = credentials;
  return {
    secureContext: contextOf(credentials),
    checkServerIdentity: (host, certificate) =>
      checkServerIdentity(host, certificate) ?? checkManager(certificate, identity?.cluster),
  };
}

/** Of node-managers: of `nodeId`, or of any. By who it is, not by where: a node's certificate need not say its addresses. */
export function nodeClientOptions(credentials: Credentials, nodeId?: string): ClientOptions {
  const { identity } = credentials;
  return {
    secureContext: contextOf(credentials),
    checkServerIdentity: (_host, certificate) => checkNode(certificate, identity?.cluster, nodeId),
  };
}

function contextOf({ cert, key, ca }: Credentials): ClientOptions['secureContext'] {
  return createSecureContext({ cert, key: key.reveal(), ca, minVersion: 'TLSv1.3' });
}

/** FENCE: a node's certificate may well carry the address of a machine on which a manager runs too. */
function checkManager({ subjectaltname }: PeerCertificate, cluster: string | undefined): Error | undefined {
  const identity = identityIn(subjectaltname);
  if (identity?.kind === 'manager' && identity.cluster === cluster) return undefined;
  return new Error(`its certificate is not that of a cluster-manager of ${cluster ?? 'any cluster'}`);
}

/** FENCE: nothing else is looked at, so nobody but a node of the cluster may pass. */
function checkNode(
  { subjectaltname }: PeerCertificate,
  cluster: string | undefined,
  nodeId: string | undefined,
): Error | undefined {
  const identity = identityIn(subjectaltname);
  if (identity?.kind === 'node' && identity.cluster === cluster && [undefined, identity.nodeId].includes(nodeId))
    return undefined;
  const wanted = nodeId === undefined ? 'a node' : `the node ${nodeId}`;
  return new Error(`its certificate is not that of ${wanted} of ${cluster ?? 'any cluster'}`);
}
