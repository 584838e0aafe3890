/** PURE: who is at the other end of a connection. */
import { type Identity, identityIn } from './identity.ts';

/** What TLS knows of the other side. */
export interface PeerFacts {
  /** Whether its certificate chains to an authority of ours; why not, otherwise. */
  isTrusted: boolean;
  distrust: string | undefined;
  /** As node:tls writes it; absent without a certificate. */
  subjectAltName: string | undefined;
  validToMs: number;
  /** SHA-256 of its public key; absent without a certificate. */
  keyDigest: string | undefined;
}

export type Judgement = { identity: Identity } | { identity: undefined; why: string };

/** A certificate that ends while its connection lives ends that too. */
export function judgePeer(facts: PeerFacts, cluster: string, wallMs: number): Judgement {
  const { isTrusted, distrust, subjectAltName, validToMs } = facts;
  if (!isTrusted) return unknown(distrust ?? 'no certificate');
  if (validToMs <= wallMs) return unknown('its certificate has expired');
  const identity = identityIn(subjectAltName);
  if (identity === undefined) return unknown('its certificate names nobody of a cluster');
  return identity.cluster === cluster ? { identity } : unknown(`its certificate is of the cluster ${identity.cluster}`);
}

function unknown(why: string): Judgement {
  return { identity: undefined, why };
}
