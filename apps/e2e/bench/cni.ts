/** `make bench-cni`: ADDs and DELs per second of our plugin beside `bridge` + `host-local`, turn by turn in one run. */
import { Bench, type Container } from '../src/conformance/bench.ts';
import { distinct } from '../src/conformance/expect.ts';
import { inParallel } from '../src/conformance/in-parallel.ts';
import { nodeSubject } from '../src/conformance/node-subject.ts';
import { referenceSubject } from '../src/conformance/reference-subject.ts';
import { warmUp } from '../src/conformance/run-case.ts';
import type { Subject } from '../src/conformance/subject.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const containers = 64;
const workers = 32;
const serial = 16;

interface Figures {
  addsPerSec: number[];
  delsPerSec: number[];
  addMs: number[];
}

/** One round: many at once, then a few one after another. Throws when one fails or an address is given twice. */
async function round(subject: Subject, figures: Figures): Promise<void> {
  const bench = new Bench(subject);
  const many = await inParallel(4, Array.from({ length: containers }), () => bench.container());
  const addedIn = await seconds(async () => {
    const results = await inParallel(workers, many, (container) => bench.add(container));
    distinct(
      'address',
      results.flatMap(({ ips = [] }) => ips.map(({ address }) => address)),
    );
  });
  const deletedIn = await seconds(() => inParallel(workers, many, (container) => bench.succeed('DEL', container)));
  figures.addsPerSec.push(containers / addedIn);
  figures.delsPerSec.push(containers / deletedIn);
  for (const container of many.slice(0, serial)) figures.addMs.push(await addMs(bench, container));
  await bench.clear();
}

async function addMs(bench: Bench, container: Container): Promise<number> {
  const { durationMs, exitCode, stdout } = await bench.call('ADD', container);
  if (exitCode !== 0) throw new Error(stdout);
  return durationMs;
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return (performance.now() - startedAt) / 1_000;
}

function spread(values: readonly number[]): string {
  const sorted = values.toSorted((one, other) => one - other);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(1);
  return `${at(0.5).padStart(7)} (${at(0)} to ${at(1)})`;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? 0;
}

async function main(): Promise<void> {
  // Two labs cannot stand in one namespace: one link a run.
  const link = process.env['WGCNI_LINK'] === 'veth' ? 'veth' : 'wireguard';
  const sources = [referenceSubject(), nodeSubject({ link })];
  const opened: { subject: Subject; close(): Promise<void> }[] = [];
  const figures = sources.map((): Figures => ({ addsPerSec: [], delsPerSec: [], addMs: [] }));
  try {
    for (const source of sources) opened.push(await source.open('dual'));
    for (const { subject } of opened) await warmUp(subject);
    for (let count = 0; count < rounds; count += 1) {
      for (const [index, { subject }] of opened.entries()) await round(subject, figures[index] as Figures);
    }
  } finally {
    for (const { close } of opened) await close();
  }
  const rows = ['addsPerSec', 'delsPerSec', 'addMs'] as const;
  const words = { addsPerSec: 'ADDs/s, 32 workers', delsPerSec: 'DELs/s, 32 workers', addMs: 'ADD alone, ms' };
  process.stdout.write(`${rounds} rounds of ${containers}, turn by turn: median (min to max)\n`);
  for (const row of rows) {
    process.stdout.write(`${words[row]}\n`);
    for (const [index, { name }] of sources.entries()) {
      const values = (figures[index] as Figures)[row];
      const ratio = (median(values) / median((figures[0] as Figures)[row])).toFixed(2);
      process.stdout.write(`  ${name.padEnd(32)} ${spread(values)}   ratio ${ratio}\n`);
    }
  }
}

await main();
