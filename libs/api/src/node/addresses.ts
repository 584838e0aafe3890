/** The three single steps for whoever brings its own key: allocate an address, register a public key, request peers. */
import { Type, type Static } from '@sinclair/typebox';
import { AddressText, CidrText, EndpointText, Name, PublicKeyText } from '../formats.ts';

export const AllocateInputSchema = Type.Object(
  {
    requestedIps: Type.Optional(Type.Array(Type.String({ maxLength: 43 }), { maxItems: 16 })),
    ttlSec: Type.Optional(
      Type.Integer({ minimum: 1, description: 'the address lapses after this; absent: it lives until it is deleted' }),
    ),
  },
  { $id: 'AllocateInput', additionalProperties: false },
);

export const ClaimKeyInputSchema = Type.Object(
  {
    publicKey: PublicKeyText,
    endpoint: Type.Optional(EndpointText),
  },
  { $id: 'ClaimKeyInput', additionalProperties: false },
);

export const AllocationSchema = Type.Object(
  {
    name: Name,
    addresses: Type.Array(Type.Object({ address: CidrText, gateway: AddressText })),
    publicKey: Type.Union([PublicKeyText, Type.Null()]),
    /** Without a key an address lapses after 5 minutes. */
    expiresInSec: Type.Union([Type.Integer(), Type.Null()]),
  },
  { $id: 'Allocation' },
);

/** Everything `wg` needs on the other side but its private key. */
export const JoinPeerSchema = Type.Object(
  {
    publicKey: PublicKeyText,
    endpoint: EndpointText,
    allowedIps: Type.Array(CidrText),
    keepaliveSec: Type.Integer(),
    mtu: Type.Integer(),
  },
  { $id: 'JoinPeer' },
);

export type AllocateInput = Static<typeof AllocateInputSchema>;
export type ClaimKeyInput = Static<typeof ClaimKeyInputSchema>;
export type Allocation = Static<typeof AllocationSchema>;
export type JoinPeer = Static<typeof JoinPeerSchema>;
