/** The whole suite on one subject, setting by setting. */
import { allCases } from './cases/index.ts';
import type { ConformanceCase, Outcome } from './case.ts';
import { runCase, warmUp } from './run-case.ts';
import { settings, type Setting, type SubjectSource } from './subject.ts';

export type Outcomes = Map<string, Outcome>;

/** The cases of a setting. */
export function casesOf(setting: Setting): ConformanceCase[] {
  return allCases.filter((one) => (one.setting ?? 'dual') === setting);
}

export interface SuiteOptions {
  /** Hears each outcome as it comes. */
  told?: (one: ConformanceCase, outcome: Outcome) => void;
  /** Which cases; default all. */
  isMeant?: (one: ConformanceCase) => boolean;
}

/** Outcomes by the id of the case. A setting without a case that is meant is not brought up. */
export async function runSuite(
  source: SubjectSource,
  { told = () => undefined, isMeant = () => true }: SuiteOptions = {},
): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  for (const setting of settings.filter((each) => casesOf(each).some(isMeant))) {
    if (!source.settings.includes(setting)) {
      const outcome: Outcome = { kind: 'not-asked', why: `it has no configuration for ${setting}` };
      for (const one of casesOf(setting).filter(isMeant)) {
        outcomes.set(one.id, outcome);
        told(one, outcome);
      }
      continue;
    }
    const { subject, close } = await source.open(setting);
    try {
      await warmUp(subject);
      const baseline = {};
      for (const one of casesOf(setting).filter(isMeant)) {
        const outcome = await runCase(one, subject, baseline);
        outcomes.set(one.id, outcome);
        told(one, outcome);
      }
    } finally {
      await close();
    }
  }
  return outcomes;
}
