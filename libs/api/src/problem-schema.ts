/** The schema of every error answer (RFC 9457). */
import { Type } from '@sinclair/typebox';

export const ProblemSchema = Type.Object(
  {
    type: Type.String({ examples: ['urn:wgcni:error:request.invalid'] }),
    title: Type.String(),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    detail: Type.String({ description: 'what was wrong, naming the value' }),
    code: Type.String({ description: 'catalogue code', examples: ['request.invalid'] }),
    field: Type.Optional(Type.String({ description: 'the field that was wrong' })),
    remedy: Type.Optional(Type.String({ description: 'what to do about it' })),
    retryable: Type.Boolean({ description: 'whether the same request can succeed later' }),
  },
  { $id: 'Problem' },
);
