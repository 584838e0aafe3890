/** Nodes, registrations, subnets and peers, as the cluster-manager serves them. */
import { Type, type Static } from '@sinclair/typebox';
import { CidrText, DigestText, EndpointText, IdText, NodeIdText, OneOf, PublicKeyText, Revision } from '../formats.ts';
import { NetworkSchema } from './network.ts';

export const GrantSchema = Type.Object({ cidr: CidrText, grantId: IdText }, { $id: 'Grant' });

const endpoints = Type.Array(EndpointText, {
  minItems: 1,
  maxItems: 8,
  description: 'UDP endpoints of the mesh device, best first',
});

export const RegisterInputSchema = Type.Object(
  {
    instance: IdText,
    publicKey: PublicKeyText,
    endpoints,
    held: Type.Array(Type.Object(GrantSchema.properties, { additionalProperties: false }), {
      maxItems: 64,
      description: 'grants the node holds; a free one is re-created for it',
    }),
    networkId: Type.Optional(IdText),
    meshRevision: Type.Optional(Revision),
    underlayMtu: Type.Integer({ minimum: 576, maximum: 65_535 }),
    // Shorter than the text of a key, as everything that callers send.
    version: Type.String({ maxLength: 43 }),
    readableSchema: Type.Integer({ minimum: 1 }),
    offers: Type.Optional(
      Type.Array(CidrText, { maxItems: 64, description: 'CIDR blocks behind the node that it offers to the mesh' }),
    ),
    takeOver: Type.Optional(
      Type.Boolean({ description: 'register although another instance of this node id is alive' }),
    ),
  },
  { $id: 'RegisterInput', additionalProperties: false },
);

export const RegistrationSchema = Type.Object(
  {
    nodeId: NodeIdText,
    network: NetworkSchema,
    subnets: Type.Array(GrantSchema),
    ttlSec: Type.Integer(),
    draining: Type.Boolean(),
    revision: Revision,
  },
  { $id: 'Registration' },
);

export const RenewInputSchema = Type.Object(
  {
    instance: IdText,
    grantIds: Type.Array(IdText, { maxItems: 64 }),
    attachments: Type.Integer({ minimum: 0 }),
    meshRevision: Revision,
  },
  { $id: 'RenewInput', additionalProperties: false },
);

export const RenewalSchema = Type.Object(
  {
    ttlSec: Type.Integer(),
    draining: Type.Boolean(),
    revision: Revision,
    authority: Type.Union([DigestText, Type.Null()], {
      description:
        'authority that issues certificates now: a node with one of another renews it; null when none is issued',
    }),
    hasReport: Type.Boolean({
      description: 'whether this replica has a report of the node; one that has none is sent it',
    }),
    report: Type.Optional(
      Type.Object(
        { run: IdText, counter: Type.Integer({ minimum: 0 }) },
        { description: 'which report this replica has; one that has not the last is sent it' },
      ),
    ),
  },
  { $id: 'Renewal' },
);

/** The node tells that nothing of these grants is in use any more (drained, or evacuated after a forced delete). */
export const ReleaseInputSchema = Type.Object(
  { instance: IdText, grantIds: Type.Array(IdText, { minItems: 1, maxItems: 64 }) },
  { $id: 'ReleaseInput', additionalProperties: false },
);

const container = Type.Object(
  {
    publicKey: PublicKeyText,
    port: Type.Integer({ minimum: 1, maximum: 65_535, description: "UDP port of its device, at the node's endpoint" }),
    addresses: Type.Array(
      Type.String({ maxLength: 39, description: 'IP address of a subnet of the node', examples: ['10.64.3.2'] }),
      { minItems: 1, maxItems: 2 },
    ),
  },
  { additionalProperties: false },
);

/** All containers of the node that others may have as direct peers; none of those that it said before and does not say now. */
export const ContainersInputSchema = Type.Object(
  {
    instance: IdText,
    containers: Type.Array(container, { maxItems: 64, description: 'those that attached first come first' }),
  },
  { $id: 'ContainersInput', additionalProperties: false },
);

export const ContainersSchema = Type.Object(
  {
    published: Type.Integer({
      description: 'of those that were named, the first so many: the whole cluster has room for 256',
    }),
    revision: Revision,
  },
  { $id: 'Containers' },
);

export const nodeStates = ['live', 'silent', 'draining', 'deleted'] as const;

export const NodeSchema = Type.Object(
  {
    nodeId: NodeIdText,
    state: OneOf(
      nodeStates,
      'live: registered; silent: not; draining: takes no new attachments; deleted: subnets still reserved',
    ),
    publicKey: PublicKeyText,
    endpoints: Type.Array(EndpointText),
    subnets: Type.Array(GrantSchema),
    offers: Type.Array(CidrText, { description: 'CIDR blocks behind the node that it offers to the mesh' }),
    routes: Type.Array(CidrText, { description: 'those that an operator approved; in effect is what is offered too' }),
    silentSec: Type.Integer({ description: 'silence that leaders have measured' }),
    instance: Type.Union([IdText, Type.Null()]),
    version: Type.Union([Type.String(), Type.Null()]),
    revision: Revision,
  },
  { $id: 'Node' },
);

export const subnetStates = ['held', 'reserved', 'released'] as const;

export const SubnetSchema = Type.Object(
  {
    cidr: CidrText,
    pool: CidrText,
    nodeId: NodeIdText,
    grantId: IdText,
    state: OneOf(
      subnetStates,
      'held; reserved: node deleted, not yet evacuated; released: resting before the next grant',
    ),
    silentSec: Type.Integer(),
    revision: Revision,
  },
  { $id: 'Subnet' },
);

export const PeerSchema = Type.Object(
  {
    nodeId: NodeIdText,
    publicKey: PublicKeyText,
    endpoints: Type.Array(EndpointText),
    allowedIps: Type.Array(CidrText),
    keepaliveSec: Type.Integer(),
  },
  { $id: 'Peer' },
);

export type Grant = Static<typeof GrantSchema>;
export type RegisterInput = Static<typeof RegisterInputSchema>;
export type Registration = Static<typeof RegistrationSchema>;
export type RenewInput = Static<typeof RenewInputSchema>;
export type Renewal = Static<typeof RenewalSchema>;
export type ReleaseInput = Static<typeof ReleaseInputSchema>;
export type ContainersInput = Static<typeof ContainersInputSchema>;
export type Containers = Static<typeof ContainersSchema>;
export type Node = Static<typeof NodeSchema>;
export type Subnet = Static<typeof SubnetSchema>;
export type PeerView = Static<typeof PeerSchema>;
