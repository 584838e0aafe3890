/** PURE: a configuration file of a program, as the words of its flags, each with its line. */
import { CatalogueError } from '@wgcni/base';
import { joinTokenStart } from '@wgcni/pki';
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Flag, Program } from '../program.ts';

export interface FileWord {
  /** As it would stand behind the flag; the items of a list with commas between them. */
  word: string;
  /** From 1. */
  line: number;
}

/** The YAML text, whose keys are names of flags. Throws CatalogueError `config.invalid` that names file, line and remedy for whatever is no value of a flag. */
export function parseConfigFile(program: Program, path: string, text: string): Map<string, FileWord> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, prettyErrors: false });
  const lineOf = (offset: number | undefined): number => lines.linePos(offset ?? 0).line;
  const [broken] = [...document.errors, ...document.warnings];
  if (broken !== undefined)
    throw refuse(path, lineOf(broken.pos[0]), broken.message, 'write one `flag: value` on each line');
  const { contents } = document;
  const found = new Map<string, FileWord>();
  if (contents === null || (isScalar(contents) && contents.value === null)) return found;
  if (!isMap(contents))
    throw refuse(path, lineOf(contents.range?.[0]), 'is no list of flags', 'write one `flag: value` on each line');
  for (const { key, value } of contents.items) {
    const line = lineOf(isScalar(key) ? key.range?.[0] : undefined);
    const flag = flagOf(program, isScalar(key) ? String(key.value) : '', path, line);
    found.set(flag.name, { word: wordOf(flag, value, path, line), line });
  }
  return found;
}

function flagOf(program: Program, name: string, path: string, line: number): Flag {
  const flag = program.flags.find((known) => known.name === name);
  if (flag === undefined)
    throw refuse(path, line, `"${name}" is no flag of ${program.name}`, `see ${program.name} --help for the names`);
  if (flag.once !== true) return flag;
  throw refuse(path, line, `"${name}" is for one run`, `take it out, and say --${name} when it is meant`);
}

function wordOf(flag: Flag, value: unknown, path: string, line: number): string {
  const { name } = flag;
  if (flag.value === undefined) {
    if (isScalar(value) && typeof value.value === 'boolean') return String(value.value);
    throw refuse(path, line, `"${name}" is a switch`, `write ${name}: true, or false`);
  }
  const items = isSeq(value) && flag.isList === true ? value.items : [value];
  const words = items.map((item) => textOf(item));
  if (words.some((word) => word === undefined) || words.length === 0) {
    const shape = flag.isList === true ? 'a list of texts' : 'a text or a number';
    throw refuse(path, line, `"${name}" takes ${shape}`, `write ${name}: <${flag.value}>`);
  }
  const word = words.join(',');
  // Without the word: what is refused stands in a journal, where no token may.
  if (word.includes(joinTokenStart) || (flag.secret === true && !word.startsWith('/')))
    throw refuse(
      path,
      line,
      `"${name}" holds a join token${flag.secret === true ? ', or no absolute path' : ''}`,
      'put the token into a file (0600), and name its absolute path here',
    );
  return word;
}

/** A number as it is written: 010 is no 8. */
function textOf(item: unknown): string | undefined {
  if (isAlias(item) || !isScalar(item)) return undefined;
  if (typeof item.value === 'string') return item.value === '' ? undefined : item.value;
  return typeof item.value === 'number' ? (item.source ?? String(item.value)) : undefined;
}

function refuse(path: string, line: number, message: string, remedy: string): CatalogueError {
  return new CatalogueError('config.invalid', `${path}:${line}: ${message}`, { field: path, remedy });
}
