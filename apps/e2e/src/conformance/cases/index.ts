/** Every case of the suite, in the order of the table. */
import type { ConformanceCase } from '../case.ts';
import { aboutCases } from './about.ts';
import { chainCases } from './chain.ts';
import { checkCases } from './check.ts';
import { daemonDownCases } from './daemon-down.ts';
import { daemonFalseCases } from './daemon-false.ts';
import { environmentCases } from './environment.ts';
import { foreignCases } from './foreign.ts';
import { gcStatusCases } from './gc-status.ts';
import { netnsCases } from './netns.ts';
import { parallelCases } from './parallel.ts';
import { poolCases } from './pool.ts';
import { repetitionCases } from './repetition.ts';
import { resultCases } from './results.ts';
import { stdinCases } from './stdin.ts';

export const allCases: readonly ConformanceCase[] = [
  ...aboutCases,
  ...environmentCases,
  ...stdinCases,
  ...resultCases,
  ...netnsCases,
  ...repetitionCases,
  ...foreignCases,
  ...daemonDownCases,
  ...daemonFalseCases,
  ...checkCases,
  ...gcStatusCases,
  ...poolCases,
  ...chainCases,
  ...parallelCases,
];
