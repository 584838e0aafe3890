/** The flags of a program and their `WGCNI_*` variables: what was said, before anything is checked. */
import { CatalogueError } from '@wgcni/base';
import { joinTokenStart } from '@wgcni/pki';
import { Command, CommanderError } from 'commander';

/** What the process was started with. */
export interface Surroundings {
  /** Arguments after the program's name. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  hostname: string;
}

export interface Flag {
  name: string;
  /** Placeholder of its value; a switch has none. */
  value?: string;
  about: string;
}

export interface Program {
  name: string;
  about: string;
  flags: readonly Flag[];
}

/** The words that were said for each flag, by the flag's name without dashes; a flag that was not said is absent. */
export type Said = ReadonlyMap<string, string[]>;

/** Help was asked for: print it and end with status 0. */
export class HelpAsked extends Error {
  readonly text: string;
  constructor(text: string) {
    super('help was asked for');
    this.text = text;
  }
}

/** The environment variable of a flag. */
export function variableOf(name: string): string {
  return `WGCNI_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** What was said; a flag wins over its variable. Throws CatalogueError `config.invalid` for an unknown flag, HelpAsked for --help. */
export function readFlags(program: Program, { argv, env }: Pick<Surroundings, 'argv' | 'env'>): Said {
  const fromArgv = readArgv(program, argv);
  const said = new Map<string, string[]>();
  for (const { name, value } of program.flags) {
    const variable = env[variableOf(name)];
    const words = fromArgv.get(name) ?? (variable === undefined || variable === '' ? undefined : [variable]);
    if (words !== undefined) said.set(name, value === undefined ? [switchWord(name, words[0] ?? 'true')] : words);
  }
  return said;
}

function readArgv({ name: program, about, flags }: Program, argv: readonly string[]): Map<string, string[]> {
  const found = new Map<string, string[]>();
  let printed = '';
  const command = new Command(program)
    .description(`${about} Every flag has a variable WGCNI_<FLAG>.`)
    .exitOverride()
    .allowExcessArguments(true)
    .configureOutput({ writeOut: (text) => (printed += text), writeErr: () => {} });
  for (const { name, value, about: text } of flags) {
    command.option(value === undefined ? `--${name}` : `--${name} <${value}>`, text);
    command.on(
      `option:${name}`,
      (word: string | null) => void found.set(name, [...(found.get(name) ?? []), word ?? 'true']),
    );
  }
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) throw new HelpAsked(printed);
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
