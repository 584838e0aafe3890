/** PURE: the command line's own words as a tree, for whatever writes of them: completion, man page, reference. */
import type { Command } from 'commander';

export interface Words {
  /** From the program's name on, such as `wgcni client add`. */
  path: string;
  about: string;
  /** `<node>` and the like, as they stand behind the path. */
  args: string;
  options: {
    flags: string;
    long: string;
    about: string;
    takesValue: boolean;
    /** Without it the command is refused. */
    isNeeded: boolean;
    variable: string | undefined;
    otherwise: string | undefined;
  }[];
  below: Words[];
}

export function wordsOf(command: Command, above = ''): Words {
  const path = `${above} ${command.name()}`.trim();
  return {
    path,
    about: command.description(),
    args: command.registeredArguments.map((one) => (one.required ? `<${one.name()}>` : `[${one.name()}]`)).join(' '),
    options: command.options.map(
      ({ flags, long, description, required, optional, mandatory, envVar, defaultValue }) => ({
        ...{ flags, long: long ?? flags, about: description, takesValue: required || optional, variable: envVar },
        isNeeded: mandatory,
        otherwise: typeof defaultValue === 'string' && defaultValue !== '' ? defaultValue : undefined,
      }),
    ),
    below: command.commands.map((sub) => wordsOf(sub, path)),
  };
}

/** The tree as a list, each before those below it. */
export function allWords(words: Words): Words[] {
  return [words, ...words.below.flatMap(allWords)];
}
