/** What is run for a command. */
import type { Answer } from '../answer.ts';
import type { Targets } from '../targets.ts';

/** Resolves with the answer; with nothing when all was told as it came. */
export type Work = (targets: Targets) => Promise<Answer | undefined>;
