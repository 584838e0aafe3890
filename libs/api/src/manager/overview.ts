/** The cluster at a glance: one answer from which the page, and `wgcni graph`, draw everything that they show at first. */
import { Type, type Static } from '@sinclair/typebox';
import { CidrText, IdText, InstantText, NodeIdText, OneOf, Revision } from '../formats.ts';
import { nodeStates, subnetStates } from './nodes.ts';

/** Most tunnels that an overview names; beyond them it tells how many there are. */
export const mostTunnelsShown = 2_000;

const count = Type.Integer({ minimum: 0 });

const block = Type.Object({
  at: Type.String({ pattern: '^[0-9]{1,39}$', description: 'its place in the pool, from 0, in decimal' }),
  cidr: CidrText,
  nodeId: NodeIdText,
  state: OneOf(subnetStates, 'held; reserved: its node was deleted; released: resting'),
});

const pool = Type.Object({
  cidr: CidrText,
  prefixLength: Type.Integer(),
  subnets: Type.String({ pattern: '^[0-9]{1,39}$', description: 'number of subnets in the pool, in decimal' }),
  taken: count,
  blocks: Type.Array(block, { description: 'what is taken, in the order of the pool' }),
});

const told = Type.Object(
  {
    ageSec: count,
    peers: count,
    tunnelsNotUp: { ...count, description: 'also those to nodes that are silent' },
    attachments: count,
    addressesTaken: count,
    problems: Type.Array(Type.String()),
  },
  { description: 'of its newest report' },
);

const node = Type.Object({
  nodeId: NodeIdText,
  state: OneOf(nodeStates, 'as in the list of nodes'),
  silentSec: Type.Integer(),
  version: Type.Union([Type.String(), Type.Null()]),
  subnets: Type.Array(CidrText),
  report: Type.Union([told, Type.Null()], { description: 'null: nobody knows how its tunnels are' }),
  hasBroken: Type.Optional(
    Type.Boolean({
      description: 'a tunnel of it to a registered node is broken, also where `tunnels` does not name it',
    }),
  ),
});

/** A pair of registered nodes of which at least one says that their tunnel is not up. */
const tunnel = Type.Object({
  from: { ...NodeIdText, description: 'the node that says so; where both do, the first by name' },
  to: NodeIdText,
  state: OneOf(['broken', 'unknown'], 'broken: at least one end says so'),
  since: Type.String({ description: 'by the clock of that node, for people' }),
  cause: Type.String(),
});

export const OverviewSchema = Type.Object(
  {
    at: { ...InstantText, description: 'by the clock of the replica that answers, for people' },
    cluster: Type.String(),
    networkId: Type.Union([IdText, Type.Null()]),
    self: Type.String({ description: 'the replica that answers' }),
    leader: Type.Union([Type.String(), Type.Null()]),
    recovering: Type.Boolean({ description: 'it grants only what nodes claim' }),
    synced: Type.Boolean({ description: 'whether what it shows follows the store' }),
    replicas: Type.Array(
      Type.Object({
        replicaId: Type.String(),
        version: Type.String(),
        isHeard: Type.Boolean({ description: 'whether it was asked for the reports that it has' }),
      }),
    ),
    pools: Type.Array(pool),
    nodes: Type.Array(node),
    tunnels: Type.Array(tunnel, {
      description: 'those between registered nodes that are not up, the broken ones first',
    }),
    tunnelsNotUp: {
      ...count,
      description: 'how many are not up, also beyond those that are named; at least, where nodes could not name all',
    },
    revision: Revision,
  },
  { $id: 'Overview' },
);

export type Overview = Static<typeof OverviewSchema>;
export type OverviewNode = Static<typeof node>;
export type OverviewTunnel = Static<typeof tunnel>;
export type OverviewPool = Static<typeof pool>;
