/** PURE: values that fit a JSON schema, and values that do not. */
import type { Schema } from '../house/document-places.ts';

export interface Draw {
  unit: () => number;
  pick<T>(choices: readonly T[]): T;
}

export type Resolve = (schema: Schema) => Schema;

/** One of each form that our schemas ask for. */
const samples = [
  ...['a', 'eth0', '0123456789abcdef0123456789abcdef', 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg='],
  ...['192.0.2.7:51820', '/run/netns/nobody', '2026-01-01T00:00:00Z', '10.64.0.0/24', '10.80.0.0-12', '10.64.3.2', '1'],
  ...['0123456789abcdef', '0123456789abcdef'.repeat(4)],
  '-----BEGIN CERTIFICATE REQUEST-----\nMA==\n-----END CERTIFICATE REQUEST-----\n',
];

/** Texts that are none of the forms, and some that once broke a server somewhere. */
const rubbish = [
  ...[
    '',
    ' ',
    '\u0000',
    '..',
    '../../etc/passwd',
    '-x',
    '%',
    '%zz',
    '%00',
    '\ud800',
    '\u202e',
    '💥',
    'null',
    '[]',
    '{}',
  ],
  ...[
    'NaN',
    '1e999',
    '-1',
    '0x10',
    '999.999.999.999/99',
    'fd64::/999',
    '10.64.0.0/',
    '::ffff:1.2.3.4/8',
    '010.0.0.1/8',
  ],
  ...['a'.repeat(300), '/'.repeat(50), "';--", '<x>', '${x}', '__proto__', 'constructor', '999.1.1.1:99999', '[::1]:0'],
];

/** Properties that say in words that they hold an address, a block or an endpoint: they are parsed by hand behind the schema. */
const parsedByHand = /CIDR|IP address|address, with|UDP/;

export function takes(schema: Schema, text: string): boolean {
  const { enum: values, pattern = '', minLength = 0, maxLength = Infinity } = schema;
  if (values !== undefined) return (values as unknown[]).includes(text);
  return text.length >= Number(minLength) && text.length <= Number(maxLength) && new RegExp(String(pattern)).test(text);
}

/** A value that fits. Throws when none of the samples does. */
export function fitting(given: Schema, resolve: Resolve): unknown {
  const schema = resolve(given);
  const parts = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
  if (parts?.[0] !== undefined) return fitting(parts[0], resolve);
  if (schema['const'] !== undefined) return schema['const'];
  switch (schema['type']) {
    case 'object': {
      const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
      const required = (schema['required'] ?? []) as string[];
      return Object.fromEntries(required.map((name) => [name, fitting(properties[name] ?? {}, resolve)]));
    }
    case 'array':
      return Array.from({ length: Number(schema['minItems'] ?? 0) }, () => fitting(schema['items'] as Schema, resolve));
    case 'integer':
    case 'number':
      return Number(schema['minimum'] ?? 0);
    case 'boolean':
      return false;
    case 'null':
      return null;
    default: {
      const own = (name: string): string[] => (schema[name] ?? []) as string[];
      const text = [...own('enum'), ...samples, ...own('examples')].find((sample) => takes(schema, sample));
      if (text === undefined) throw new Error(`no sample fits ${JSON.stringify(schema)}`);
      return text;
    }
  }
}

/** A value that does not fit, by its type, its form or its size. */
export function unfitting(given: Schema, resolve: Resolve, draw: Draw): unknown {
  const schema = resolve(given);
  const { type } = schema;
  const others = [true, 12.5, 'text', [], { a: 1 }, [[[]]]].filter((value) => !isOfType(value, schema, resolve));
  if (type === 'string' && draw.unit() < 0.7) {
    const texts = rubbish.filter((text) => !takes(schema, text));
    if (texts.length > 0) return draw.pick(texts);
  }
  if ((type === 'integer' || type === 'number') && draw.unit() < 0.5) {
    const { minimum, maximum } = schema;
    if (minimum !== undefined) return Number(minimum) - 1;
    if (maximum !== undefined) return Number(maximum) + 1;
  }
  if (type === 'array' && draw.unit() < 0.5) return [unfitting(schema['items'] as Schema, resolve, draw)];
  if (type === 'object' && draw.unit() < 0.8) return misshapen(schema, resolve, draw);
  return draw.pick(others);
}

/** An object with a property that does not fit, lacks or is too many. */
export function misshapen(schema: Schema, resolve: Resolve, draw: Draw): unknown {
  const fit = fitting(schema, resolve) as Record<string, unknown>;
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const names = Object.keys(properties);
  const required = (schema['required'] ?? []) as string[];
  const roll = draw.unit();
  if (schema['additionalProperties'] === false && (roll < 0.2 || names.length === 0))
    return { ...fit, [draw.pick(['x', 'constructor', 'privateKey', ' ', '\u0000'])]: draw.pick([1, 'x', null, {}]) };
  if (roll < 0.4 && required.length > 0) {
    const gone = draw.pick(required);
    return Object.fromEntries(Object.entries(fit).filter(([name]) => name !== gone));
  }
  const name = draw.pick(names);
  return { ...fit, [name]: unfitting(properties[name] ?? {}, resolve, draw) };
}

/** An object that fits its schema, with rubbish where an address is parsed by hand; undefined when it has no such place. */
export function plausible(given: Schema, resolve: Resolve, draw: Draw): unknown {
  const schema = resolve(given);
  if (schema['type'] === 'array') {
    const inner = plausible(schema['items'] as Schema, resolve, draw);
    return inner === undefined ? undefined : [inner];
  }
  if (schema['type'] !== 'object') {
    const { description } = schema;
    if (typeof description !== 'string' || !parsedByHand.test(description)) return undefined;
    const texts = rubbish.filter((text) => takes(schema, text));
    return texts.length === 0 ? undefined : draw.pick(texts);
  }
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Schema>);
  const places = properties.flatMap(([name, one]) => {
    const value = plausible(one, resolve, draw);
    return value === undefined ? [] : [[name, value] as const];
  });
  if (places.length === 0) return undefined;
  const [name, value] = draw.pick(places);
  return { ...(fitting(schema, resolve) as object), [name]: value };
}

function isOfType(value: unknown, schema: Schema, resolve: Resolve): boolean {
  const parts = (schema['anyOf'] ?? schema['oneOf'] ?? []) as Schema[];
  if (parts.some((part) => isOfType(value, resolve(part), resolve))) return true;
  switch (schema['type']) {
    case 'string':
      return typeof value === 'string';
    case 'integer':
    case 'number':
      return typeof value === 'number' && schema['type'] === 'number';
    case 'boolean':
      return typeof value === 'boolean';
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && !Array.isArray(value);
    default:
      return parts.length === 0;
  }
}
