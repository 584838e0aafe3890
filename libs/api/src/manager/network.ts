/** Network and pools, as the cluster-manager serves them. */
import { Type, type Static } from '@sinclair/typebox';
import { CidrText, IdText, Revision } from '../formats.ts';
import { networkOptions, optionsPatch } from './options.ts';

export const PoolSchema = Type.Object(
  {
    cidr: CidrText,
    prefixLength: Type.Integer({ minimum: 1, maximum: 126, description: 'length of the subnets cut from the pool' }),
  },
  { $id: 'Pool', additionalProperties: false },
);

const addressPlan = {
  pools: Type.Array(PoolSchema, { minItems: 1, maxItems: 64 }),
  mtu: Type.Integer({
    minimum: 576,
    maximum: 65_535,
    description: 'MTU of every WireGuard device; at least 1280 with an IPv6 pool',
  }),
  keepaliveSec: Type.Integer({ minimum: 0, maximum: 65_535 }),
  registrationTtlSec: Type.Integer({ minimum: 2, maximum: 3_600 }),
  holdDownSec: Type.Integer({ minimum: 1, description: 'how long a silent node keeps its subnets' }),
};

export const NetworkSchema = Type.Object(
  { networkId: IdText, ...addressPlan, ...networkOptions, revision: Revision },
  { $id: 'Network' },
);

/** Creating (or, with `networkId`, restoring) the network. */
export const NetworkInputSchema = Type.Object(
  {
    networkId: Type.Optional(IdText),
    pools: addressPlan.pools,
    mtu: Type.Optional(addressPlan.mtu),
    keepaliveSec: Type.Optional(addressPlan.keepaliveSec),
    registrationTtlSec: Type.Optional(addressPlan.registrationTtlSec),
    holdDownSec: Type.Optional(addressPlan.holdDownSec),
    ...Type.Partial(Type.Object(networkOptions)).properties,
  },
  { $id: 'NetworkInput', additionalProperties: false },
);

/** Changing options: what is not said stays as it is. */
export const NetworkPatchSchema = Type.Object(
  { mtu: Type.Optional(addressPlan.mtu), ...optionsPatch },
  { $id: 'NetworkPatch', additionalProperties: false },
);

export const PoolUseSchema = Type.Object(
  {
    cidr: CidrText,
    prefixLength: Type.Integer(),
    subnets: Type.String({ description: 'number of subnets in the pool, in decimal' }),
    taken: Type.Integer({ description: 'held, reserved or resting' }),
  },
  { $id: 'PoolUse' },
);

export type Pool = Static<typeof PoolSchema>;
export type Network = Static<typeof NetworkSchema>;
export type NetworkInput = Static<typeof NetworkInputSchema>;
export type NetworkPatch = Static<typeof NetworkPatchSchema>;
export type PoolUse = Static<typeof PoolUseSchema>;
