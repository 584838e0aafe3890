/** What this node knows of the cluster: the network, the other nodes and its own grants, as kept on disk. */
import { type Static, Type } from '@sinclair/typebox';
import { NetworkRecord } from '@wgcni/store';

const Grant = Type.Object({ cidr: Type.String(), grantId: Type.String() });

/** A subnet of another node. */
const HeldSubnet = Type.Object({
  ...Grant.properties,
  /** The node's record names it no more, without a cause: it stays until a tombstone or a newer grant names it. */
  isUnaccounted: Type.Optional(Type.Literal(true)),
});

const Network = Type.Omit(NetworkRecord, ['schema']);

const KnownNode = Type.Object({
  nodeId: Type.String(),
  publicKey: Type.String(),
  endpoints: Type.Array(Type.String()),
  subnets: Type.Array(HeldSubnet),
  /** CIDRs behind the node that it offers and an operator approved; absent: none. */
  routes: Type.Optional(Type.Array(Type.String())),
  modRevision: Type.Integer({ description: 'revision of the record this was read from' }),
  /** `present`: as the store has it; `unaccounted`: the store lacks it (or has an older form) without a cause; `quarantined`: its record cannot be read. */
  state: Type.Union([Type.Literal('present'), Type.Literal('unaccounted'), Type.Literal('quarantined')]),
  /** The revision of a record in a store that went back: not believed until it is written again. */
  doubtedRevision: Type.Optional(Type.Integer()),
});

/** A machine outside the cluster that dials in. */
const KnownClient = Type.Object({
  name: Type.String(),
  publicKey: Type.String(),
  /** Canonical, without a prefix length; those that no other client has by now. */
  addresses: Type.Array(Type.String()),
  /** The one other node that has it as a peer; null: this node has it. */
  via: Type.Union([Type.String(), Type.Null()]),
  /** Whether containers may begin to speak with it. */
  reachable: Type.Boolean(),
  modRevision: KnownNode.properties.modRevision,
  state: KnownNode.properties.state,
  doubtedRevision: KnownNode.properties.doubtedRevision,
});

/** The containers of another node that may be direct peers of ours, as that node published them. */
const KnownContainers = Type.Object({
  nodeId: Type.String(),
  containers: Type.Array(
    Type.Object({ publicKey: Type.String(), port: Type.Integer(), addresses: Type.Array(Type.String()) }),
  ),
  modRevision: KnownNode.properties.modRevision,
  doubtedRevision: KnownNode.properties.doubtedRevision,
});

export const ClusterViewSchema = Type.Object({
  schema: Type.Literal(1),
  /** Revision of the store that was last applied. */
  revision: Type.Integer(),
  network: Type.Union([Type.Null(), Network]),
  nodes: Type.Array(KnownNode),
  /** Absent from a view that was stored before there were any. */
  clients: Type.Optional(Type.Array(KnownClient)),
  /** Absent from a view that was stored before any were published. */
  containers: Type.Optional(Type.Array(KnownContainers)),
  /** Public keys that left for a readable cause and may be on the mesh device still. */
  departed: Type.Array(Type.String()),
  /** What this node holds itself. */
  grants: Type.Array(Grant),
  /** Revision of the store at which the cluster last said what this node holds. */
  grantsRevision: Type.Integer(),
  /** Grants that this node uses no more and whose release the cluster has not confirmed. */
  leaving: Type.Array(Grant),
  /** Grants that are not used because something of the host overlaps them. */
  refused: Type.Array(Type.Object({ cidr: Type.String(), why: Type.String() })),
  /** Whether this node held grants once: without any it has evacuated, otherwise it never joined. */
  hasJoined: Type.Boolean(),
  /** CIDRs behind this node that it offers and an operator approved; absent: none. */
  ownRoutes: Type.Optional(Type.Array(Type.String())),
  /** Whether the cluster said last that this node drains: an outage must not end that. */
  isDraining: Type.Optional(Type.Boolean()),
});

export type GrantText = Static<typeof Grant>;
export type NetworkPlan = Static<typeof Network>;
export type KnownNode = Static<typeof KnownNode>;
export type KnownClient = Static<typeof KnownClient>;
export type KnownContainers = Static<typeof KnownContainers>;
export type ClusterView = Static<typeof ClusterViewSchema>;

/** The view of a node that knows nothing yet. */
export const emptyView: ClusterView = {
  schema: 1,
  revision: 0,
  network: null,
  nodes: [],
  clients: [],
  departed: [],
  grants: [],
  grantsRevision: 0,
  leaving: [],
  refused: [],
  hasJoined: false,
};
