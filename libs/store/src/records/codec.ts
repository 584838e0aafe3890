/** Records between JSON text and types: a schema number in front, unknown fields kept, what cannot be read quarantined. */
import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { StoredKey } from '../port.ts';
import { writtenSchema } from './schemas.ts';

/** A record that could be read, or the reason why not: its last good state stays, all others go on (design §4.6). */
export type Decoded<T> =
  { kind: 'record'; record: T; modRevision: number } | { kind: 'quarantined'; key: string; reason: string };

/** Reads one stored value by its schema. */
export function decodeRecord<T extends TSchema>(schema: T, item: StoredKey): Decoded<Static<T>> {
  const parsed = parseJson(item.value);
  if (parsed === undefined) return { kind: 'quarantined', key: item.key, reason: 'the value is not JSON' };
  const written = typeof parsed === 'object' && parsed !== null && 'schema' in parsed ? parsed.schema : undefined;
  if (typeof written === 'number' && written > writtenSchema) {
    return {
      kind: 'quarantined',
      key: item.key,
      reason: `written in schema ${written}; this version reads up to ${writtenSchema}`,
    };
  }
  if (!Value.Check(schema, parsed)) {
    const [reason = 'it does not fit its schema'] = [...Value.Errors(schema, parsed)].map(({ path, message }) =>
      `${path} ${message}`.trim(),
    );
    return { kind: 'quarantined', key: item.key, reason };
  }
  return { kind: 'record', record: parsed, modRevision: item.modRevision };
}

/** The text of a record; fields that a newer version added to `previous` survive. */
export function encodeRecord(record: object, previous?: StoredKey): string {
  const before = previous === undefined ? undefined : parseJson(previous.value);
  return JSON.stringify({ ...(typeof before === 'object' && before !== null ? before : {}), ...record });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
