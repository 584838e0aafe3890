/** The flags of a program, their `WGCNI_*` variables and its file: what was said, before anything is checked. */
import { CatalogueError } from '@wgcni/base';
import { joinTokenStart } from '@wgcni/pki';
import { Command, CommanderError } from 'commander';
import { type FileWord, parseConfigFile } from './configuration/config-file.ts';
import { type Flag, type Origin, type Program, type Said, TextAsked, variableOf } from './program.ts';

/** What the process was started with. */
export interface Surroundings {
  /** Arguments after the program's name. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  hostname: string;
  /** The text of a file, or undefined when it is not there, and whether somebody named it; without it no file is looked for. */
  readFile?: (path: string, isNamed: boolean) => string | undefined;
}

export interface Sources {
  said: Said;
  /** By the flag's name, of each that was said. */
  origins: ReadonlyMap<string, Origin>;
  /** What is wanted instead of a run. */
  asked: 'print-config' | 'check-config' | undefined;
}

/** What every program has besides its own. */
export const configFlags: readonly Flag[] = [
  {
    name: 'config',
    value: 'file',
    about: 'YAML file whose keys are these flags (default: /etc/wgcni/<program>.yaml, if it is there)',
  },
  { name: 'print-config', about: 'print what is in effect, as such a file, and end' },
  { name: 'check-config', about: 'judge the configuration and end' },
];

/**
 * What was said: a flag wins over its variable, and that over the file. Throws CatalogueError `config.invalid` for an unknown flag or key, TextAsked for
 * --help and --version.
 */
export function readFlags(program: Program, surroundings: Omit<Surroundings, 'hostname'>): Sources {
  const { argv, env } = surroundings;
  const fromArgv = readArgv(program, argv);
  const fromFile = readFile(program, surroundings, fromArgv.get('config')?.at(-1));
  const said = new Map<string, string[]>();
  const origins = new Map<string, Origin>();
  for (const { name, value } of program.flags) {
    const found = firstOf(name, fromArgv.get(name), env[variableOf(name)], fromFile);
    if (found === undefined) continue;
    const { words, origin } = found;
    said.set(name, value === undefined ? [switchWord(name, words[0] ?? 'true')] : words);
    origins.set(name, origin);
  }
  const asked = (['print-config', 'check-config'] as const).find((name) => fromArgv.has(name));
  return { said, origins, asked };
}

interface File {
  path: string;
  words: ReadonlyMap<string, FileWord>;
}

function readFile(
  program: Program,
  { env, readFile: read }: Omit<Surroundings, 'hostname'>,
  fromArgv: string | undefined,
): File | undefined {
  const named = fromArgv ?? (env['WGCNI_CONFIG'] || undefined);
  const path = named ?? `/etc/wgcni/${program.name}.yaml`;
  const text = read?.(path, named !== undefined);
  if (text !== undefined) return { path, words: parseConfigFile(program, path, text) };
  if (named === undefined || read === undefined) return undefined;
  throw new CatalogueError('config.invalid', `--config ${path} is not there`, {
    field: '--config',
    remedy: 'name a file that is there, or leave --config out',
  });
}

function firstOf(
  name: string,
  fromArgv: string[] | undefined,
  variable: string | undefined,
  file: File | undefined,
): { words: string[]; origin: Origin } | undefined {
  if (fromArgv !== undefined) return { words: fromArgv, origin: { kind: 'flag' } };
  if (variable !== undefined && variable !== '') return { words: [variable], origin: { kind: 'variable' } };
  const entry = file?.words.get(name);
  if (file === undefined || entry === undefined) return undefined;
  return { words: [entry.word], origin: { kind: 'file', path: file.path, line: entry.line } };
}

function readArgv({ name: program, about, version, flags }: Program, argv: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let printed = '';
  const command = new Command(program)
    .description(`${about} Every flag has a variable WGCNI_<FLAG>, and may stand in the file of --config.`)
    .version(version)
    .exitOverride()
    .allowExcessArguments(true)
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: () => {} });
  for (const { name, value, about: text, default: usual } of [...flags, ...configFlags]) {
    const ends = usual === undefined ? '' : ` (default: ${usual})`;
    command.option(value === undefined ? `--${name}` : `--${name} <${value}>`, `${text}${ends}`);
    command.on(
      `option:${name}`,
      (word: string | null) => void found.set(name, [...(found.get(name) ?? []), word ?? 'true']),
    );
  }
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new TextAsked(printed);
    throw refusal(program, error);
  }
  const [word] = command.args;
  if (word === undefined) return found;
  if (word.includes(joinTokenStart)) throw misplacedToken();
  throw new CatalogueError('config.invalid', `the word "${word}" belongs to no flag`, {
    field: word,
    remedy: 'write values behind their flag; a switch has none',
  });
}

function switchWord(name: string, word: string): string {
  if (['1', 'true', 'yes', 'on'].includes(word)) return 'true';
  if (['0', 'false', 'no', 'off'].includes(word)) return 'false';
  throw new CatalogueError('config.invalid', `${variableOf(name)} "${word}" is neither true nor false`, {
    field: `--${name}`,
    remedy: `set ${variableOf(name)} to true or false, or leave it unset`,
  });
}

/** Without the word: what is refused stands in a journal, where no token may. */
function misplacedToken(): CatalogueError {
  return new CatalogueError('config.invalid', 'a join token belongs behind --join', {
    field: '--join',
    remedy: 'write --join before the token, or before the path of a file that holds it',
  });
}

function refusal(program: string, error: CommanderError): CatalogueError {
  if (error.message.includes(joinTokenStart)) return misplacedToken();
  const text = error.message.replace(/^error: /, '');
  const field = /--[a-z-]+/.exec(text)?.[0];
  return new CatalogueError('config.invalid', text, {
    ...(field === undefined ? {} : { field }),
    remedy: `see ${program} --help for the flags and their values`,
  });
}
