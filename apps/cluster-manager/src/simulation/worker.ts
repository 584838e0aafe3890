/** One worker thread of a campaign: runs a batch of seeds and tells what came of them. */
import { parentPort } from 'node:worker_threads';
import type { Batch, BatchResult, Failure } from './campaign.ts';
import { drawPlan } from './draw-plan.ts';
import { run } from './run.ts';
import { addTally, emptyTally } from './tally.ts';

// Thousands of errors are made and caught in each run; nobody reads where.
Error.stackTraceLimit = 0;

async function runBatch({ from, count }: Batch): Promise<BatchResult> {
  const failures: Failure[] = [];
  let tally = emptyTally;
  for (let seed = from; seed < from + count; seed += 1) {
    const { violations, tally: one } = await run(drawPlan(seed));
    const [violation] = violations;
    if (violation !== undefined) failures.push({ seed, violation });
    tally = addTally(tally, one);
    // A turn of the event loop, in which what is finished is let go.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { failures, tally };
}

parentPort?.on('message', (batch: Batch) => void runBatch(batch).then((result) => parentPort?.postMessage(result)));
