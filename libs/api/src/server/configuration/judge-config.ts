/** PURE: a program's configuration from all that was said: flags, variables and a file, judged together, each error with its place. */
import { CatalogueError } from '@wgcni/base';
import { readFlags, type Surroundings } from '../flags.ts';
import { type Origin, type Program, type Said, TextAsked } from '../program.ts';
import { printConfig } from './print-config.ts';

export interface Judged<T> {
  config: T;
  /** Of which words. */
  said: Said;
}

/**
 * What `judge` makes of the words. Throws CatalogueError `config.invalid`; of a word in a file it names file and line. Throws TextAsked for --print-config and
 * --check-config of a configuration that is good.
 */
export function judgeConfig<T>(program: Program, surroundings: Surroundings, judge: (said: Said) => T): Judged<T> {
  const { said, origins, asked } = readFlags(program, surroundings);
  const config = attribute(origins, () => judge(said));
  if (asked === 'print-config') throw new TextAsked(printConfig(program, said, origins));
  if (asked === 'check-config') throw new TextAsked('the configuration is good\n');
  return { config, said };
}

function attribute<T>(origins: ReadonlyMap<string, Origin>, judge: () => T): T {
  try {
    return judge();
  } catch (error) {
    if (!(error instanceof CatalogueError)) throw error;
    const origin = origins.get(error.field?.replace(/^--/, '') ?? '');
    if (origin?.kind !== 'file') throw error;
    const { code, message, field, remedy, cause } = error;
    throw new CatalogueError(code, `${origin.path}:${origin.line}: ${message}`, {
      ...(field === undefined ? {} : { field }),
      ...(remedy === undefined ? {} : { remedy }),
      cause,
    });
  }
}
