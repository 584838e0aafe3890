/** The shapes of the values in etcd (design §3). No field could hold a private or pre-shared key; unknown fields survive a rewrite. */
import { Type, type Static } from '@sinclair/typebox';

/** The schema number this version writes, and the newest it can read. */
export const writtenSchema = 1;
/** What a node says that it can read when it knows the network's options (decision 0008). A record with options is still of schema 1: who does not know them keeps them. */
export const optionsSchema = 2;
/** The same of `direct: cluster`, a value that whoever reads schema 2 alone cannot take the network's record with. */
export const clusterDirectSchema = 3;

const schema = Type.Integer({ minimum: 1 });
const clientName = Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$' });
const addressText = Type.String({ maxLength: 39 });
const grant = Type.Object({ cidr: Type.String(), grantId: Type.String() });

/** Blocks, ports and words: all shorter than the text of a key. */
const words = Type.Array(Type.String({ maxLength: 43 }));

const rule = Type.Object({
  name: Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$' }),
  from: words,
  to: words,
  protocol: Type.Union([
    Type.Literal('any'),
    Type.Literal('tcp'),
    Type.Literal('udp'),
    Type.Literal('sctp'),
    Type.Literal('icmp'),
  ]),
  ports: words,
});

export const NetworkRecord = Type.Object({
  schema,
  networkId: Type.String(),
  pools: Type.Array(Type.Object({ cidr: Type.String(), prefixLength: Type.Integer() })),
  mtu: Type.Integer(),
  keepaliveSec: Type.Integer(),
  registrationTtlSec: Type.Integer(),
  holdDownSec: Type.Integer(),
  // Absent: the default of `optionsOf` in libs/ipam (decision 0008).
  clientPools: Type.Optional(words),
  masquerade: Type.Optional(
    Type.Object({
      mode: Type.Union([Type.Literal('auto'), Type.Literal('on'), Type.Literal('off')]),
      except: words,
    }),
  ),
  isolation: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('isolated')])),
  rules: Type.Optional(Type.Array(rule)),
  direct: Type.Optional(Type.Union([Type.Literal('off'), Type.Literal('node'), Type.Literal('cluster')])),
  link: Type.Optional(Type.Union([Type.Literal('wireguard'), Type.Literal('veth')])),
});

export const NodeRecord = Type.Object({
  schema,
  nodeId: Type.String(),
  publicKey: Type.String(),
  endpoints: Type.Array(Type.String()),
  subnets: Type.Array(grant),
  draining: Type.Boolean(),
  /** CIDRs behind the node that it offers to the mesh; absent: none. */
  offers: Type.Optional(words),
  /** CIDRs that an operator approved: those that are offered too are in effect. */
  routes: Type.Optional(words),
});

/** A machine outside the cluster that dials in (decision 0008). As the API shows it: one that could not be shown would keep the whole list from being answered. */
export const ClientRecord = Type.Object({
  schema,
  name: clientName,
  publicKey: Type.String({ pattern: '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$' }),
  /** One of each family that has a client pool, in canonical text without a prefix length. */
  addresses: Type.Array(addressText, { minItems: 1, maxItems: 2 }),
  /** The one node that it dials; null for each of them. */
  via: Type.Union([Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$' }), Type.Null()]),
  /** Whether containers may begin to speak with it. */
  reachable: Type.Boolean(),
  /** What it sends into the mesh, CIDRs in canonical text; null for everything there. For its own configuration alone: nobody is kept out by it. */
  allowedIps: Type.Union([Type.Array(Type.String({ maxLength: 43 }), { minItems: 1, maxItems: 64 }), Type.Null()]),
  /** Whether it ends with the lease of its `control/client-lives/` key. */
  expires: Type.Boolean(),
});

/** So many containers of one node, and so many of all, are published: each is a peer of each of the others (decision 0008). */
export const mostContainers = { ofNode: 64, ofCluster: 256 } as const;

/** The containers of a node that others may have as direct peers, written whole. */
export const ContainersRecord = Type.Object({
  schema,
  nodeId: Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$' }),
  containers: Type.Array(
    Type.Object({
      publicKey: Type.String({ pattern: '^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=$' }),
      /** UDP port of its device, in the network namespace of its node. */
      port: Type.Integer({ minimum: 1, maximum: 65_535 }),
      /** In canonical text without a prefix length. */
      addresses: Type.Array(addressText, { minItems: 1, maxItems: 2 }),
    }),
    { maxItems: mostContainers.ofNode },
  ),
});

export const GoneRecord = Type.Object({
  schema,
  kind: Type.Union([Type.Literal('node'), Type.Literal('subnet'), Type.Literal('client')]),
  /** A node's id, a grant's id, or a client's public key. */
  id: Type.String(),
  why: Type.Union([
    Type.Literal('deleted'),
    Type.Literal('expired'),
    Type.Literal('forgotten'),
    Type.Literal('reclaimed'),
    Type.Literal('released'),
  ]),
  /** The node that left or lost the subnet; of a client as in the claim of its key, `client/<name>`. */
  nodeId: Type.String(),
  publicKey: Type.String(),
  subnets: Type.Array(grant),
  /** Of a client: what it had. */
  addresses: Type.Optional(Type.Array(addressText)),
  /** Of a client: its record or its claim said the key. Where not, an operator did, and may have said a wrong one. */
  isKeyKnown: Type.Optional(Type.Boolean()),
  /** Wall clock of the leader, for people only; never compared. */
  at: Type.String(),
});

export const LeaderRecord = Type.Object({ schema, replicaId: Type.String(), url: Type.String() });

/** One running cluster-manager, bound to the lease of its session; for `wgcni status`. */
export const ReplicaRecord = Type.Object({
  schema,
  replicaId: Type.String(),
  url: Type.String(),
  version: Type.String(),
});

/** The store has lost history; bound to a lease of as long as that matters. */
export const RecoveringRecord = Type.Object({ schema, why: Type.String() });

export const SubnetRecord = Type.Object({
  schema,
  cidr: Type.String(),
  nodeId: Type.String(),
  grantId: Type.String(),
  /** `held`; `reserved`: its node was deleted and has not yet evacuated; `released`: resting before it is granted again. */
  state: Type.Union([Type.Literal('held'), Type.Literal('reserved'), Type.Literal('released')]),
  /** Silence (held, reserved) or rest (released) measured by leaders on their own monotonic clocks. */
  silentMs: Type.Integer({ minimum: 0 }),
});

export const RegistrationRecord = Type.Object({
  schema,
  nodeId: Type.String(),
  /** As the API shows it: one that could not be shown would keep the whole list of nodes from being answered. */
  instance: Type.String({ pattern: '^[0-9a-f]{32}$' }),
  version: Type.String(),
  readableSchema: Type.Integer(),
  leaseId: Type.String(),
  /** Bytes; absent where a version that did not record it registered the node. */
  underlayMtu: Type.Optional(Type.Integer()),
});

/** One address, one client: the key is put where nothing stands. */
export const ClientAddressRecord = Type.Object({ schema, name: clientName });

/** Bound to the lease of a client's life: when it is gone, the leader takes the client away. */
export const ClientLifeRecord = Type.Object({
  schema,
  name: clientName,
  ttlSec: Type.Integer({ minimum: 1 }),
  /** Wall clock of the leader, for people only; never compared. */
  expiresAt: Type.String({ maxLength: 30 }),
});

/** Under the key's base64url text: a key belongs to one claimant, a node or `client/<name>`, which no node id can be. */
export const KeyClaimRecord = Type.Object({ schema, nodeId: Type.String() });

const digest = Type.String({ pattern: '^[0-9a-f]{64}$' });

/** A join token, bound to the lease of its life. Its secret is known to nobody but those who have the word. */
export const TokenRecord = Type.Object({
  schema,
  tokenId: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  /** SHA-256 of the secret. */
  hash: digest,
  /** The one node that may join by it; null for any that nobody is. As the API shows it: one that could not be shown would keep the whole list from being answered. */
  nodeId: Type.Union([Type.String({ pattern: '^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$' }), Type.Null()]),
  uses: Type.Integer({ minimum: 1 }),
  /** SHA-256 of each public key that joined by it: the same key may ask again, another takes another use. */
  usedBy: Type.Array(digest),
  /** Wall clock of the leader, for people only; never compared. */
  expiresAt: Type.String({ maxLength: 30 }),
});

/** By which key a node is known, or that none is taken any more (decision 0007). */
export const AdmissionRecord = Type.Object({
  schema,
  nodeId: Type.String(),
  state: Type.Union([Type.Literal('joined'), Type.Literal('deleted')]),
  /** SHA-256 of the one public key whose certificates are taken, or were until it was deleted; null when none was known. */
  keyDigest: Type.Union([digest, Type.Null()]),
});

export type NetworkRecord = Static<typeof NetworkRecord>;
export type NodeRecord = Static<typeof NodeRecord>;
export type ClientRecord = Static<typeof ClientRecord>;
export type ClientAddressRecord = Static<typeof ClientAddressRecord>;
export type ClientLifeRecord = Static<typeof ClientLifeRecord>;
export type ContainersRecord = Static<typeof ContainersRecord>;
export type GoneRecord = Static<typeof GoneRecord>;
export type LeaderRecord = Static<typeof LeaderRecord>;
export type ReplicaRecord = Static<typeof ReplicaRecord>;
export type SubnetRecord = Static<typeof SubnetRecord>;
export type RegistrationRecord = Static<typeof RegistrationRecord>;
export type KeyClaimRecord = Static<typeof KeyClaimRecord>;
export type TokenRecord = Static<typeof TokenRecord>;
export type AdmissionRecord = Static<typeof AdmissionRecord>;
