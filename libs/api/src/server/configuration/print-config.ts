/** PURE: the configuration in effect as a file that says the same, with where each value came from. */
import { joinTokenStart } from '@wgcni/pki';
import { stringify } from 'yaml';
import { type Flag, type Origin, type Program, type Said, variableOf } from '../program.ts';

/** What nobody said is there with its default, as a comment: the file stays good when that changes. */
export function printConfig(program: Program, said: Said, origins: ReadonlyMap<string, Origin>): string {
  const lines = program.flags.flatMap((flag) => {
    const words = said.get(flag.name);
    const origin = origins.get(flag.name);
    if (words !== undefined && origin !== undefined) return saidLines(flag, words, nameOf(flag, origin));
    return flag.default === undefined ? [] : [`# ${flag.name}: ${flag.default}  # default`];
  });
  return [`# ${program.name} ${program.version}`, ...lines, ''].join('\n');
}

function saidLines(flag: Flag, words: readonly string[], from: string): string[] {
  const { name } = flag;
  if (flag.once === true) return [`# ${name}: ${words.at(-1)}  # ${from}; for this run alone`];
  if (flag.value === undefined) return [`${name}: ${words.at(-1)}  # ${from}`];
  if (words.some((word) => isSecret(flag, word))) return [`# ${name}: a token, which is not told  # ${from}`];
  if (flag.isList !== true) return [`${name}: ${scalar(words.at(-1) ?? '')}  # ${from}`];
  return [`${name}:  # ${from}`, ...words.flatMap((word) => word.split(',')).map((word) => `  - ${scalar(word)}`)];
}

/** A token that was mistyped, or cut short, is no token, and may still hold the secret. */
function isSecret({ secret }: Flag, word: string): boolean {
  return (secret === true && !word.startsWith('/')) || word.includes(joinTokenStart);
}

function scalar(word: string): string {
  return stringify(word, { lineWidth: 0, defaultStringType: 'PLAIN', singleQuote: false }).trimEnd();
}

function nameOf({ name }: Flag, origin: Origin): string {
  if (origin.kind === 'flag') return `--${name}`;
  return origin.kind === 'variable' ? variableOf(name) : `${origin.path}:${origin.line}`;
}
