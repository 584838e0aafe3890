/** What a program says of its flags, and what was said of them. */

export interface Flag {
  name: string;
  /** Placeholder of its value; a switch has none. */
  value?: string;
  about: string;
  /** What holds when nobody says it, as it would be said. */
  default?: string;
  /** Whether it may be said several times; a list in a file. */
  isList?: true;
  /** Whether a running program takes it over (SIGHUP). */
  live?: true;
  /** Of a live one: flags without which it would be half of a change. Where one of them waits for a restart, it waits too. */
  with?: readonly string[];
  /** Whether it is for one run: no file may say it. */
  once?: true;
  /** Whether its value is a secret, unless it is the absolute path of the file that holds it: it is printed nowhere, and no file of flags may say it. */
  secret?: true;
}

export interface Program {
  name: string;
  about: string;
  /** Of this build, for --version. */
  version: string;
  flags: readonly Flag[];
}

/** The words that were said for each flag, by the flag's name without dashes; a flag that was not said is absent. */
export type Said = ReadonlyMap<string, string[]>;

/** Where the words of a flag come from. */
export type Origin = { kind: 'flag' } | { kind: 'variable' } | { kind: 'file'; path: string; line: number };

/** Only a text was asked for, such as the help or the version: print it and end with status 0. */
export class TextAsked extends Error {
  readonly text: string;
  constructor(text: string) {
    super('only a text was asked for');
    this.text = text;
  }
}

/** The environment variable of a flag. */
export function variableOf(name: string): string {
  return `WGCNI_${name.toUpperCase().replaceAll('-', '_')}`;
}
