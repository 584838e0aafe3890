/** Writes one program's part of docs/reference/flags.md; with `--check`, says whether it is there as it should be. */
import { readFile, writeFile } from 'node:fs/promises';
import { configFlags } from './flags.ts';
import { type Flag, type Program, variableOf } from './program.ts';

const document = 'docs/reference/flags.md';

/** The part of a program with a table of flags. */
export function flagsPart({ name, about, flags }: Program): string {
  const rows = [...flags, ...configFlags].map(rowOf);
  const head = ['| Flag | Is | Default | In the file | Live |', '|---|---|---|---|---|'];
  const file = `File: \`/etc/wgcni/${name}.yaml\`, or \`--config\`. Also \`--version\` and \`--help\`. What was asked for is on stdout; a start that is refused is one line on stderr, with the remedy, and what the running program has to say is logged there, a line of JSON each. Status 0: told to end; 1: it failed, and may start again; 2: a flag, file, token or host that cannot be used, starting again helps nobody.`;
  return [`## ${name}`, '', about, '', file, '', ...head, ...rows, ''].join('\n');
}

/** Resolves with the exit status: 1 when `--check` finds a difference. `part` begins with its heading of the second level. */
export async function printReference(part: string, argv: readonly string[]): Promise<number> {
  const [heading = ''] = part.split('\n');
  const committed = await readFile(document, 'utf8');
  const right = withPart(committed, heading, part);
  if (committed === right) return 0;
  if (!argv.includes('--check')) {
    await writeFile(document, right);
    return 0;
  }
  process.stderr.write(`${document}, "${heading}", is not what the program says: run "make reference" and commit it\n`);
  return 1;
}

/** PURE: the document with the part in place of the one under the same heading, or at its end. */
export function withPart(text: string, heading: string, part: string): string {
  const parts = text.split(/^(?=## )/m);
  const index = parts.findIndex((one) => one.startsWith(`${heading}\n`));
  const last = parts.length - 1;
  const ends = (one: string, at: number): string => (at === last || one.endsWith('\n\n') ? one : `${one}\n`);
  if (index < 0) return `${text.trimEnd()}\n\n${part}`;
  return parts.map((one, at) => (at === index ? ends(part, at) : one)).join('');
}

function rowOf({ name, value, about, default: usual, isList, live, once, with: others }: Flag): string {
  const flag = value === undefined ? `--${name}` : `--${name} <${value}>`;
  const isOfFile = configFlags.some((known) => known.name === name);
  const inFile =
    once === true || isOfFile ? '' : value === undefined ? 'true or false' : isList === true ? 'list' : 'yes';
  const told = isOfFile && name !== 'config' ? '' : `<br>\`${variableOf(name)}\``;
  const unless =
    others === undefined ? '' : `, unless ${others.map((other) => `\`${other}\``).join(' or ')} changed too`;
  const cells = [`\`${flag}\`${told}`, about, usual ?? '', inFile, live === true ? `yes${unless}` : ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
