/** Runs one case on one subject: what it says of it, and whether the host is afterwards as it was before. */
import { messageOf } from '@wgcni/base';
import { until } from '@wgcni/testing';
import { Bench } from './bench.ts';
import { whyNotAsked, type ConformanceCase, type Outcome } from './case.ts';
import { difference } from './host-state.ts';
import type { Subject } from './subject.ts';

/** What the kernel takes its time for, such as the end of a userspace device, may come so much later. */
const settleMs = 3_000;

/** The host as the last case that passed left it, which is how the next one must find it: looked at once for both. */
export interface Baseline {
  state?: readonly string[];
}

export async function runCase(one: ConformanceCase, subject: Subject, baseline: Baseline = {}): Promise<Outcome> {
  const why = whyNotAsked(one, subject);
  if (why !== undefined) return { kind: 'not-asked', why };
  const bench = new Bench(subject);
  const before = baseline.state ?? (await bench.state());
  const failures: string[] = [];
  for (const step of [() => one.run(bench, subject), () => bench.clear(), () => isAsBefore(bench, before)]) {
    try {
      await step();
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  if (failures.length === 0) baseline.state = before;
  else delete baseline.state;
  return failures.length === 0 ? { kind: 'passed' } : { kind: 'failed', why: failures.join('; then ') };
}

/** The first container of a host makes what stays: a bridge, forwarding. */
export async function warmUp(subject: Subject): Promise<void> {
  const bench = new Bench(subject);
  await bench.add(await bench.container());
  await bench.clear();
}

async function isAsBefore(bench: Bench, before: readonly string[]): Promise<void> {
  await until(settleMs, 'the host to be as before', async () => {
    const left = difference(before, await bench.state());
    return left.length === 0 ? true : new Error(left.join('; '));
  });
}
