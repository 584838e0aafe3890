/** What a planted bug is: a patch that breaks one promise of the design, and the standing tests that must notice. */
import type { SuiteName } from './suites.ts';

/** A part of the standing suite that has to go red. A bug is caught when every one of its catchers goes red. */
export interface Catcher {
  suite: SuiteName;
  /** Test files of that suite, as narrow as can be, from the root of the tree. */
  files: readonly [string, ...string[]];
  /** Parts of the full names of tests that must fail, each by an assertion of its own: anything else that is red does not count. */
  fails: readonly [string, ...string[]];
  /** Variables for the run: how many seeds a simulation takes, for one. */
  env?: Readonly<Record<string, string>>;
}

export interface PlantedBug {
  /** Its patch is `patches/<name>.patch`. */
  name: string;
  /** Section of the design, and the promise in a few words. */
  promise: string;
  /** What the patched code does instead. */
  does: string;
  catchers: readonly [Catcher, ...Catcher[]];
}
