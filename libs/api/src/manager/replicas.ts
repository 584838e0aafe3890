/** Replicas and the leader, as the cluster-manager serves them. */
import { Type, type Static } from '@sinclair/typebox';
import { Revision } from '../formats.ts';

export const ReplicaSchema = Type.Object(
  {
    replicaId: Type.String(),
    url: Type.String({ examples: ['https://192.0.2.1:7001'] }),
    version: Type.String(),
    isLeader: Type.Boolean(),
  },
  { $id: 'Replica' },
);

/**
 * `self` is the replica that answers, `term` the term in which it believes at this moment that it leads; `leader` is who holds the key as it
 * last saw it, which may be another one. `recovering` is set while it grants only what nodes claim (design §4.15).
 */
export const LeaderSchema = Type.Object(
  {
    leader: Type.Union([Type.Object({ replicaId: Type.String(), url: Type.String() }), Type.Null()]),
    self: Type.String(),
    term: Type.Union([Revision, Type.Null()]),
    recovering: Type.Boolean(),
    revision: Revision,
  },
  { $id: 'Leader' },
);

export const HealthSchema = Type.Object(
  { status: Type.String(), reason: Type.Optional(Type.String()) },
  { $id: 'Health' },
);

export type Replica = Static<typeof ReplicaSchema>;
export type Leader = Static<typeof LeaderSchema>;
export type Health = Static<typeof HealthSchema>;
