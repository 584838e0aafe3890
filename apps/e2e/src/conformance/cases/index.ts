/** Every case of the suite, in the order of the table. */
import type { ConformanceCase } from '../case.ts';
import { aboutCases } from './about.ts';
import { chainCases } from './chain.ts';
import { checkCases } from './check.ts';
import { daemonCases } from './daemon.ts';
import { environmentCases } from './environment.ts';
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
  ...daemonCases,
  ...checkCases,
  ...gcStatusCases,
  ...poolCases,
  ...chainCases,
  ...parallelCases,
];
