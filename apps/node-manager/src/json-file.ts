/** A small JSON document of ours on disk: replaced durably, and what cannot be read is told apart from what is not there. */
import { replaceFile } from '@wgcni/base';
import type { Static, TSchema } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { readFile } from 'node:fs/promises';

export type Reading<T> = { kind: 'read'; value: T } | { kind: 'absent' } | { kind: 'unreadable'; why: string };

/** The document in `path`, checked against `schema`; never throws for its content. */
export async function readJsonFile<S extends TSchema>(path: string, schema: S): Promise<Reading<Static<S>>> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return { kind: 'absent' };
  const value = parse(text);
  if (Value.Check(schema, value)) return { kind: 'read', value };
  const why = Value.Errors(schema, value).First();
  return { kind: 'unreadable', why: `${path}${why?.path ?? ''}: ${why?.message ?? 'not JSON'}` };
}

/** Replaces the document durably. */
export async function writeJsonFile(path: string, value: unknown): Promise<void> {
  await writeJsonText(path, JSON.stringify(value));
}

/** The same of a document that is text already. */
export async function writeJsonText(path: string, text: string): Promise<void> {
  await replaceFile(path, `${text}\n`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Not JSON is one of the ways of not fitting the schema.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
