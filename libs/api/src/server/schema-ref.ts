/** Schemas by name: routes refer to them, so that the OpenAPI document shows each once. */
import { type Static, type TSchema, Type } from '@sinclair/typebox';
import type { FastifyInstance } from 'fastify';

/** Makes the schemas known to the server under their `$id`; one that is known already is fine. */
export function knowSchemas(app: FastifyInstance, schemas: readonly TSchema[]): void {
  for (const schema of schemas) {
    if (schema.$id !== undefined && app.getSchema(schema.$id) === undefined) app.addSchema(schema);
  }
}

/** A reference to a schema that has an `$id`, with its type. */
export function refTo<T extends TSchema>(schema: T) {
  return Type.Unsafe<Static<T>>({ $ref: `${schema.$id ?? ''}#` });
}
