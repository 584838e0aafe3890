/** Routes that nodes offer into the mesh, as the cluster-manager serves them. */
import { Type, type Static } from '@sinclair/typebox';
import { CidrText, NodeIdText, Revision } from '../formats.ts';

export const RouteSchema = Type.Object(
  {
    nodeId: NodeIdText,
    route: CidrText,
    isOffered: Type.Boolean({ description: 'the node says that it is behind it (--advertise)' }),
    isApproved: Type.Boolean({ description: 'an operator lets it in; in effect is what is offered too' }),
    revision: Revision,
  },
  { $id: 'Route' },
);

export type Route = Static<typeof RouteSchema>;
