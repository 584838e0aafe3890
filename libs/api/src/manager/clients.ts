/** External clients, as the cluster-manager serves them: machines outside the cluster that dial in with plain WireGuard. */
import { Type, type Static } from '@sinclair/typebox';
import { AddressText, CidrText, ClientNameText, NodeIdText, OneOf, PublicKeyText, Revision } from '../formats.ts';

const via = Type.Union([NodeIdText, Type.Null()], {
  description: 'the one node that it dials, for a machine that cannot refresh its configuration; null for each of them',
});
const reachable = Type.Boolean({ description: 'whether containers may begin to speak with it' });
const allowedIps = Type.Union([Type.Array(CidrText, { minItems: 1, maxItems: 64 }), Type.Null()], {
  description: 'CIDR blocks that it sends into the mesh, and nothing else; null for all that is there',
});

/** What a client is to be; what is left out is null or false, but for the end of one that is there. */
export const ClientInputSchema = Type.Object(
  {
    publicKey: PublicKeyText,
    via: Type.Optional(via),
    reachable: Type.Optional(reachable),
    allowedIps: Type.Optional(allowedIps),
    ttlSec: Type.Optional(
      Type.Union([Type.Integer({ minimum: 5, maximum: 3_650 * 86_400 }), Type.Null()], {
        description:
          'seconds from now until it is taken away; null for never; left out: as it is, of a new client never',
      }),
    ),
  },
  { $id: 'ClientInput', additionalProperties: false },
);

export const ClientSchema = Type.Object(
  {
    name: ClientNameText,
    publicKey: PublicKeyText,
    addresses: Type.Array(AddressText, { description: 'one of each family that has a client pool' }),
    via,
    reachable,
    allowedIps,
    expiresAt: Type.Union([Type.String({ maxLength: 30 }), Type.Null()], {
      description: 'about when it is taken away, by the clock of the leader; null for never',
    }),
    revision: Revision,
  },
  { $id: 'ExternalClient' },
);

/** Which endpoint of a node a configuration names, of a node that has several. */
export const ClientConfigQuery = Type.Object(
  {
    family: Type.Optional(OneOf(['4', '6'], 'the first endpoint of this family, where a node has one')),
  },
  { additionalProperties: false },
);

/** Which client of that name is meant. */
export const ClientRemovalQuery = Type.Object(
  {
    publicKey: Type.Optional({
      ...PublicKeyText,
      description: 'the client of this key and no other; the key of one whose record cannot be read',
    }),
  },
  { additionalProperties: false },
);

export type ClientInput = Static<typeof ClientInputSchema>;
export type Client = Static<typeof ClientSchema>;
export type EndpointFamily = NonNullable<Static<typeof ClientConfigQuery>['family']>;
