/** Join tokens, as the cluster-manager keeps them: by the hash of a secret that it never sees before somebody joins by it. */
import { Type, type Static } from '@sinclair/typebox';
import { DigestText, NodeIdText, Revision } from '../formats.ts';

export const TokenIdText = Type.String({ pattern: '^[0-9a-f]{16}$', description: 'id of a join token' });

const nodeId = Type.Union([NodeIdText, Type.Null()], {
  description: 'the one node that may join by it; null for any that nobody is yet',
});

export const TokenInputSchema = Type.Object(
  {
    hash: DigestText,
    nodeId,
    ttlSec: Type.Integer({ minimum: 60, maximum: 30 * 86_400, description: 'seconds until it ends' }),
    uses: Type.Integer({ minimum: 1, maximum: 1_000, description: 'nodes that may join by it' }),
  },
  { $id: 'TokenInput', additionalProperties: false },
);

export const TokenSchema = Type.Object(
  {
    tokenId: TokenIdText,
    nodeId,
    uses: Type.Integer(),
    used: Type.Integer({ description: 'nodes that have joined by it' }),
    expiresAt: Type.String({ maxLength: 30, description: 'when it ends, by the clock of the leader' }),
    authority: Type.Union([DigestText, Type.Null()], { description: 'authority by which it is to be checked' }),
    revision: Revision,
  },
  { $id: 'Token' },
);

export type TokenInput = Static<typeof TokenInputSchema>;
export type Token = Static<typeof TokenSchema>;
