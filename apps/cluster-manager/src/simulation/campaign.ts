/** Many seeds over worker threads, as many as there are cores. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import type { Violation } from './checks/violation.ts';
import { addTally, emptyTally, type Tally } from './tally.ts';

export interface Failure {
  seed: number;
  violation: Violation;
}

/** What a worker is asked, and what it answers. */
export interface Batch {
  from: number;
  count: number;
}

export interface BatchResult {
  failures: Failure[];
  tally: Tally;
}

export interface CampaignOptions {
  from: number;
  seeds: number;
  /** Ends the campaign early when so many seeds have failed. */
  mostFailures: number;
  workers?: number;
  told?: (done: number) => void;
}

export interface CampaignResult extends BatchResult {
  seconds: number;
}

const batchSize = 50;

/** Runs the seeds from `from` on. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const startedAt = performance.now();
  const code = await bundleWorker();
  const { from, seeds, mostFailures, workers = availableParallelism(), told } = options;
  let next = from;
  const all: BatchResult = { failures: [], tally: emptyTally };
  const take = (): Batch | undefined => {
    const count = Math.min(batchSize, from + seeds - next);
    if (count <= 0 || all.failures.length >= mostFailures) return undefined;
    next += count;
    return { from: next - count, count };
  };
  const note = ({ failures, tally }: BatchResult): void => {
    all.failures.push(...failures);
    all.tally = addTally(all.tally, tally);
    told?.(all.tally.runs);
  };
  await Promise.all(Array.from({ length: workers }, () => serveWorker(code, take, note)));
  all.failures.sort((one, other) => one.seed - other.seed);
  return { ...all, seconds: (performance.now() - startedAt) / 1_000 };
}

/** Gives one worker batches until there are none. */
async function serveWorker(
  code: string,
  take: () => Batch | undefined,
  note: (result: BatchResult) => void,
): Promise<void> {
  const worker = new Worker(code, { eval: true, execArgv: [] });
  try {
    for (let batch = take(); batch !== undefined; batch = take()) note(await ask(worker, batch));
  } finally {
    await worker.terminate();
  }
}

function ask(worker: Worker, batch: Batch): Promise<BatchResult> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      for (const event of ['message', 'error', 'exit']) worker.removeAllListeners(event);
      settle();
    };
    worker.once('message', (result: BatchResult) => end(() => resolve(result)));
    worker.once('error', (error: Error) => end(() => reject(error)));
    worker.once('exit', (code) => end(() => reject(new Error(`a worker ended with ${code}`))));
    worker.postMessage(batch);
  });
}

/** One script of everything: a worker thread has no loader for TypeScript, and what a test runner makes of it is half as fast. */
async function bundleWorker(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [new URL('worker.ts', import.meta.url).pathname],
    ...{ bundle: true, write: false, platform: 'node', target: 'node20', format: 'cjs', logLevel: 'warning' },
    // It reads a file that lies beside its source.
    external: ['etcd3', '@grpc/grpc-js'],
  });
  const [file] = outputFiles;
  if (file === undefined) throw new Error('esbuild made nothing of the worker');
  return file.text;
}
