/** PURE: what a node says of itself when it registers. */
import type { RegisterInput } from '@wgcni/api';
import { clusterDirectSchema } from '@wgcni/store';
import type { ClusterView } from '../view/cluster-view.ts';
import type { Underlay } from './endpoints.ts';

interface Self {
  instance: string;
  publicKey: string;
  version: string;
  /** CIDRs behind this node, that it offers to the mesh. */
  offers: readonly string[];
  keeper: { readonly view: ClusterView };
}

/** What this version can read: every value of the network's options too. */
const readableSchema = clusterDirectSchema;

/** With the grants that it holds, so that a store that lost history gets them back (design §4.15). */
export function registrationInput(
  { keeper: { view }, instance, publicKey, version, offers }: Self,
  { endpoints, mtu }: Extract<Underlay, { kind: 'found' }>,
  takesOver: boolean,
): RegisterInput {
  const { network, grants, revision } = view;
  return {
    instance,
    publicKey,
    endpoints,
    held: grants.map(({ cidr, grantId }) => ({ cidr, grantId })),
    ...(network === null ? {} : { networkId: network.networkId, meshRevision: revision }),
    underlayMtu: mtu,
    version,
    readableSchema,
    ...(offers.length === 0 ? {} : { offers: [...offers] }),
    ...(takesOver ? { takeOver: true } : {}),
  };
}
