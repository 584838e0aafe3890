/** PURE: every place of an OpenAPI document where a value can stand, by the name of its schema and its path in it. */

export type Schema = Readonly<Record<string, unknown>>;

export interface Place {
  /** Such as `RegisterInput.held[].cidr`, or `get /v1/nodes query after`. */
  name: string;
  schema: Schema;
}

/** What callers send: parameters and bodies. */
export function askedPlaces(document: Schema): Place[] {
  return operationsOf(document).flatMap(({ name, operation }) => {
    const parameters = (operation['parameters'] ?? []) as Schema[];
    const body = operation['requestBody'] as Schema | undefined;
    return [
      ...parameters.flatMap((one) =>
        placesIn(document, one['schema'], `${name} ${String(one['in'])} ${String(one['name'])}`),
      ),
      ...contentsOf(body).flatMap((schema) => placesIn(document, schema, `${name} body`)),
    ];
  });
}

/** What is answered. */
export function answeredPlaces(document: Schema): Place[] {
  return operationsOf(document).flatMap(({ name, operation }) =>
    valuesOf(operation['responses']).flatMap((answer) =>
      contentsOf(answer).flatMap((schema) => placesIn(document, schema, `${name} answer`)),
    ),
  );
}

/** Whether the place takes this text. */
export function takesText({ schema }: Place, text: string): boolean {
  const { type, enum: values, const: only, maxLength = Infinity, pattern = '' } = schema;
  if (values !== undefined) return (values as unknown[]).includes(text);
  if (only !== undefined) return only === text;
  if ([type].flat().includes('string'))
    return text.length <= Number(maxLength) && new RegExp(String(pattern)).test(text);
  // Without a type it takes anything, unless its parts say what it is.
  return type === undefined && !['anyOf', 'oneOf', 'allOf'].some((word) => word in schema);
}

/** Whether an object takes properties that it does not name. */
export function isOpen({ schema }: Place): boolean {
  return schema['type'] === 'object' && schema['additionalProperties'] !== false;
}

function placesIn(document: Schema, given: unknown, at: string, within: readonly string[] = []): Place[] {
  if (typeof given !== 'object' || given === null) return [];
  const reference = (given as Schema)['$ref'];
  const word = typeof reference === 'string' ? reference.split('/').at(-1) : undefined;
  if (word !== undefined && within.includes(word)) return [];
  const schema = word === undefined ? (given as Schema) : named(document, word);
  const name = word ?? at;
  const inner = word === undefined ? within : [...within, word];
  const parts = ['anyOf', 'oneOf', 'allOf'].flatMap((key) => (schema[key] ?? []) as unknown[]);
  return [
    { name, schema },
    ...Object.entries((schema['properties'] ?? {}) as Schema).flatMap(([property, one]) =>
      placesIn(document, one, `${name}.${property}`, inner),
    ),
    ...placesIn(document, schema['items'], `${name}[]`, inner),
    ...placesIn(document, schema['additionalProperties'], `${name}{}`, inner),
    ...parts.flatMap((one) => placesIn(document, one, name, inner)),
  ];
}

function named(document: Schema, word: string): Schema {
  const { schemas } = document['components'] as { schemas: Record<string, Schema> };
  const found = schemas[word];
  if (found === undefined) throw new Error(`the document refers to a schema ${word} that it does not have`);
  return found;
}

function operationsOf(document: Schema): { name: string; operation: Schema }[] {
  return Object.entries(document['paths'] as Record<string, Schema>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method} ${path}`,
      operation: operation as Schema,
    })),
  );
}

function contentsOf(part: Schema | undefined): unknown[] {
  return valuesOf(part?.['content']).map((content) => content['schema']);
}

function valuesOf(map: unknown): Schema[] {
  return Object.values((map ?? {}) as Record<string, Schema>);
}
