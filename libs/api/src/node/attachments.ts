/** Whole attachments, as the node-manager serves them to the CNI plugin. */
import { Type, type Static } from '@sinclair/typebox';
import { AddressText, AttemptText, CidrText, IfName, Name, OneOf, PublicKeyText } from '../formats.ts';

/** (network name, containerId, ifName): the key of an attachment. */
export const AttachmentParams = Type.Object(
  { network: Name, containerId: Name, ifName: IfName },
  { additionalProperties: false },
);

export const AttachInputSchema = Type.Object(
  {
    netns: Type.String({
      pattern: '^/',
      examples: ['/run/netns/one'],
      maxLength: 4096,
      description: 'absolute path of the network namespace',
    }),
    requestedIps: Type.Optional(
      Type.Array(Type.String({ maxLength: 43, description: 'address, with or without prefix length' }), {
        maxItems: 16,
      }),
    ),
    deadlineMs: Type.Integer({
      minimum: 1,
      maximum: 600_000,
      description: 'no step starts later than this after the request arrived',
    }),
    attempt: Type.Optional(AttemptText),
    allowHostNetns: Type.Optional(
      Type.Boolean({ description: "CNI_NETNS_OVERRIDE: accept the node-manager's own namespace" }),
    ),
    addressesOnly: Type.Optional(
      Type.Boolean({ description: 'as a delegated IPAM: no device, somebody else makes the interface' }),
    ),
  },
  { $id: 'AttachInput', additionalProperties: false },
);

export const attachmentStates = ['reserved', 'attached', 'answered', 'orphaned', 'adopted'] as const;

export const AttachmentSchema = Type.Object(
  {
    network: Name,
    containerId: Name,
    ifName: IfName,
    state: OneOf(
      attachmentStates,
      'reserved: address persisted; attached: device up; answered: the runtime has the result; orphaned: its subnet was lost; adopted: found in the kernel without a record',
    ),
    netns: Type.String(),
    addresses: Type.Array(Type.Object({ address: CidrText, gateway: AddressText }), {
      description: "address with its prefix length: /32 or /128, the subnet's for addresses alone",
    }),
    mtu: Type.Integer(),
    routeMetric: Type.Optional(
      Type.Integer({ minimum: 1, description: "of its default routes; absent: the kernel's usual one" }),
    ),
    link: Type.Optional(Type.Literal('veth', { description: 'what joins it to the node; absent: WireGuard' })),
    mac: Type.Optional(
      Type.String({ pattern: '^([0-9a-f]{2}:){5}[0-9a-f]{2}$', description: "of the container's end of a veth" }),
    ),
    publicKey: Type.Union([PublicKeyText, Type.Null()]),
    listenPort: Type.Integer(),
  },
  { $id: 'Attachment' },
);

export const CheckInputSchema = Type.Object(
  {
    netns: Type.String({ pattern: '^/', examples: ['/run/netns/one'], maxLength: 4096 }),
    addresses: Type.Array(CidrText, { maxItems: 256, description: 'what the previous result says the interface has' }),
    routes: Type.Optional(
      Type.Array(CidrText, {
        maxItems: 1_024,
        description: 'destinations that the previous result lists; what a later plugin took out of it is not missed',
      }),
    ),
  },
  { $id: 'CheckInput', additionalProperties: false },
);

export const CollectInputSchema = Type.Object(
  {
    valid: Type.Array(Type.Object({ containerId: Name, ifName: IfName }, { additionalProperties: false }), {
      maxItems: 100_000,
    }),
    force: Type.Optional(Type.Boolean({ description: 'remove also what is alive' })),
  },
  { $id: 'CollectInput', additionalProperties: false },
);

const attachmentKey = Type.Object({ containerId: Name, ifName: IfName });

export const CollectedSchema = Type.Object(
  { removed: Type.Array(attachmentKey), kept: Type.Array(attachmentKey) },
  { $id: 'Collected' },
);

export type AttachmentKey = Static<typeof AttachmentParams>;
export type AttachInput = Static<typeof AttachInputSchema>;
export type Attachment = Static<typeof AttachmentSchema>;
export type CheckInput = Static<typeof CheckInputSchema>;
export type CollectInput = Static<typeof CollectInputSchema>;
export type Collected = Static<typeof CollectedSchema>;
