/** Ten thousand simulated runs of the cluster-managers: no promise is broken in any, and enough happened in them to mean something. */
import { expect, it } from 'vitest';
import { runCampaign } from './campaign.ts';
import { explain } from './explain.ts';

const seeds = 10_000;

it(`keeps every promise in ${seeds} seeds`, async () => {
  const { failures, tally, seconds } = await runCampaign({ from: 0, seeds, mostFailures: 5 });
  console.log(`${tally.runs} seeds in ${seconds.toFixed(0)} s: ${JSON.stringify(tally)}`);
  const [first] = failures;
  if (first !== undefined) throw new Error((await explain(first)).text);
  expect(tally.runs).toBe(seeds);
  // A run that was too idle proves nothing.
  const least = {
    terms: 2,
    registrations: 5,
    regrants: 0.02,
    reclaims: 0.15,
    releases: 0.2,
    deletions: 0.1,
    unknowns: 0.5,
  };
  for (const [what, perRun] of Object.entries(least))
    expect(tally[what as keyof typeof least], what).toBeGreaterThan(seeds * perRun);
  expect(tally.restores).toBeGreaterThan(seeds * 0.03);
});
