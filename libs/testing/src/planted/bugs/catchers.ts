/** How a catcher is written down: a file of a suite, and what the tests that must fail are called. */
import type { Catcher } from '../planted-bug.ts';
import type { SuiteName } from '../suites.ts';

type CatcherIn = (file: string, ...fails: [string, ...string[]]) => Catcher;
type CatcherOf = (...fails: [string, ...string[]]) => Catcher;

const inSuite =
  (suite: SuiteName): CatcherIn =>
  (file, ...fails) => ({ suite, files: [file], fails });

export const unit = inSuite('unit');
export const int = inSuite('int');

/** Catchers of one file of unit tests. */
export const unitTestsOf =
  (file: string): CatcherOf =>
  (...fails) =>
    unit(file, ...fails);
