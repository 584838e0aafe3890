/** Reading JSON that somebody else wrote: every look-up says what was expected and what was found instead. */
import { CatalogueError, type ErrorCode } from '@wgcni/base';

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a key; `null` and a missing key are both undefined. */
export function valueOf(object: JsonObject, key: string): unknown {
  return Object.hasOwn(object, key) ? (object[key] ?? undefined) : undefined;
}

/** The value of a key written in any case, the exact spelling first: go-cni capitalises what it copies from Go structs. */
export function valueOfAnyCase(object: JsonObject, key: string): unknown {
  const exact = valueOf(object, key);
  if (exact !== undefined) return exact;
  const other = Object.keys(object).find((candidate) => candidate.toLowerCase() === key.toLowerCase());
  return other === undefined ? undefined : valueOf(object, other);
}

/** An optional object. Throws CatalogueError `code` naming `field` for anything else. */
export function optionalObject(value: unknown, field: string, code: ErrorCode = 'config.invalid') {
  if (value === undefined || isObject(value)) return value;
  throw misshapen(value, field, 'an object', code);
}

/** An optional string; the empty one counts as absent. Throws CatalogueError `code` naming `field` for anything else. */
export function optionalString(value: unknown, field: string, code: ErrorCode = 'config.invalid') {
  if (value === undefined || value === '') return undefined;
  if (typeof value === 'string') return value;
  throw misshapen(value, field, 'a string', code);
}

/** An optional boolean, false when absent. Throws CatalogueError `config.invalid` naming `field` for anything else. */
export function optionalBoolean(value: unknown, field: string): boolean {
  if (value === undefined) return false;
  if (typeof value === 'boolean') return value;
  throw misshapen(value, field, 'true or false', 'config.invalid');
}

/** An optional list, empty when absent. Throws CatalogueError `config.invalid` naming `field` for anything else. */
export function optionalList(value: unknown, field: string): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw misshapen(value, field, 'a list', 'config.invalid');
}

/** An optional list of strings, empty when absent. Throws CatalogueError `config.invalid` naming the first wrong item. */
export function optionalStrings(value: unknown, field: string): string[] {
  return optionalList(value, field).map((item, index) => {
    if (typeof item === 'string') return item;
    throw misshapen(item, `${field}[${index}]`, 'a string', 'config.invalid');
  });
}

/** The error that names what was found where something else was expected. */
export function misshapen(value: unknown, field: string, expected: string, code: ErrorCode): CatalogueError {
  return new CatalogueError(code, `${field} is ${shown(value)}, not ${expected}`, {
    field,
    remedy: `make ${field} ${expected}`,
  });
}

/** A value as an error shows it: JSON, cut to a length that fits a line. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'missing' : (JSON.stringify(value) ?? typeof value);
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
