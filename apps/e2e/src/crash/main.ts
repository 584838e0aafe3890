/** `make crash-rounds`: the long round; its record goes to .cache/crash-rounds/, one JSON line for each thing that was done. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { bringUp } from '../scenario.ts';
import { crashRounds } from './crash-rounds.ts';

async function main(): Promise<number> {
  const operations = Number(process.env['ROUNDS'] ?? 10_000);
  const workers = Number(process.env['WORKERS'] ?? 8);
  const seed = process.env['SEED'];
  const dir = resolve(import.meta.dirname, '../../../../.cache/crash-rounds');
  mkdirSync(dir, { recursive: true });
  const scene = await bringUp({ nodes: 1, containersPerNode: 0, managers: 1, etcd: 1 });
  try {
    const [node] = scene.lab.plan.nodes;
    if (node === undefined) throw new Error('the lab has no node');
    const path = resolve(dir, `${scene.lab.plan.name}.jsonl`);
    const record = createWriteStream(path);
    const startedAt = performance.now();
    let done = 0;
    const report = await crashRounds(scene.lab, node, {
      ...{ operations, workers, ...(seed === undefined ? {} : { seed: Number(seed) }) },
      told: (event) => {
        record.write(`${JSON.stringify(event)}\n`);
        if ('command' in event && (done += 1) % 500 === 0) process.stderr.write(`${done} of ${operations}\n`);
      },
    });
    record.end();
    const seconds = (performance.now() - startedAt) / 1_000;
    const { adds, dels, kills, survivors, violations } = report;
    process.stdout.write(
      `seed ${report.seed}, ${workers} workers, ${seconds.toFixed(0)} s; record ${path}\n` +
        `ADD: ${adds.succeeded} succeeded, ${adds.failed} failed; DEL: ${dels.succeeded} succeeded, ${dels.failed} failed\n` +
        `killed: plugin ${kills.plugin} times, node-manager ${kills.nodeManager} times\n` +
        `violations after one GC with ${survivors} alive, and one with none: ${violations.length}\n${violations.map((one) => `  ${one}\n`).join('')}`,
    );
    return violations.length === 0 ? 0 : 1;
  } finally {
    await scene.lab.down();
  }
}

process.exitCode = await main();
