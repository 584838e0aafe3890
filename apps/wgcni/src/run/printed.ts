/** PURE: what a command prints, for people or, with --json, for programs; and the status that it ends with. */
import { CatalogueError, toCatalogueError } from '@wgcni/base';
import type { Answer } from '../answer.ts';
import { fitted } from '../live/screen.ts';

export interface Reader {
  isJson: boolean;
  /** Of the terminal; undefined: lines stay as they are. */
  columns: number | undefined;
}

/** Something is not as it should be, or was refused; a flag, word or file cannot be used. */
const [wrong, unusable] = [1, 2];

/** The answer on stdout: one JSON document. */
export function printedAnswer({ value, text, isDocument = false }: Answer, { isJson, columns }: Reader): string {
  return `${isJson ? JSON.stringify(value, null, 2) : fitted(text, isDocument ? undefined : columns)}\n`;
}

/** One of many that come as time goes on: a line of JSON each. */
export function printedItem({ value, text }: Answer, { isJson, columns }: Reader): string {
  return `${isJson ? JSON.stringify(value) : fitted(text, columns)}\n`;
}

export function statusOf({ isFaulty = false }: Answer): number {
  return isFaulty ? wrong : 0;
}

/** A failure on stderr: one line, and stdout stays empty. */
export function printedError(thrown: unknown, { isJson }: Pick<Reader, 'isJson'>): { text: string; status: number } {
  const { message, remedy, code, field, retryable } = toCatalogueError(thrown);
  const status = code === 'request.invalid' || code === 'config.invalid' ? unusable : wrong;
  const text = isJson
    ? JSON.stringify({
        error: {
          code,
          message,
          ...(field === undefined ? {} : { field }),
          ...(remedy === undefined ? {} : { remedy }),
          retryable,
        },
      })
    : `wgcni: ${message}${remedy === undefined ? '' : ` (${remedy})`} [${code}]`;
  return { text: `${text}\n`, status };
}

/** What is worth a word on stderr while the command goes on. */
export function printedWarning(message: string, { isJson }: Pick<Reader, 'isJson'>): string {
  return `${isJson ? JSON.stringify({ warning: { message } }) : `wgcni: ${message}`}\n`;
}

/** Words that are no command: what the parser of the command line said of them. */
export function wordsRefused(said: string): CatalogueError {
  const message = said
    .replace(/^error: /, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  const field = /--?[a-z][a-z-]*/.exec(message)?.[0];
  return new CatalogueError('request.invalid', message, {
    ...(field === undefined ? {} : { field }),
    remedy: 'see wgcni --help, or --help behind the command',
  });
}
