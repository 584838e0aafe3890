/** Lists: `{items, revision, next}` with `limit` and `after`. */
import { Type, type TSchema } from '@sinclair/typebox';
import { Revision } from './formats.ts';

export const PageQuery = Type.Object(
  {
    limit: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 10_000, default: 1_000, description: 'most items in the answer' }),
    ),
    after: Type.Optional(Type.String({ maxLength: 512, description: 'the `next` of the page before' })),
  },
  { additionalProperties: false },
);

export interface Page<T> {
  items: T[];
  revision: number;
  next: string | null;
}

/** The schema of one page of `items`. */
export function PageOf<T extends TSchema>(items: T, $id: string) {
  return Type.Object(
    {
      items: Type.Array(items),
      revision: Revision,
      next: Type.Union([Type.String(), Type.Null()], {
        description: 'give it as `after` for the next page; null at the end',
      }),
    },
    { $id },
  );
}
