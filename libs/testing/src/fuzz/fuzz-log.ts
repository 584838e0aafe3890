/** What `make fuzz-api` prints: counts, statuses, and the heap after garbage collection, which must be flat. */
import type { HammerReport } from './hammer.ts';

/** The heap may be this much larger at the end than after the first tenth, in bytes: code that is compiled meanwhile. */
const mostGrowth = 8 * 1_024 * 1_024;

export interface FuzzOutcome {
  injected: HammerReport;
  onWire: HammerReport;
  values: { written: number; quarantined: number; wrong: string[] };
  /** What must not have come of it: its name and how many there are. */
  left: readonly [string, number];
}

export class FuzzLog {
  readonly seed: number;
  readonly counts: { injected: number; onWire: number; values: number };
  readonly #who: string;
  readonly #heaps: number[] = [];
  #nextLook = 0;

  /** Two programs are given half of everything each. */
  constructor(who: string, env: Readonly<Record<string, string | undefined>>) {
    const half = (name: string, usual: number): number => Math.ceil(Number(env[name] ?? usual) / 2);
    this.#who = who;
    this.seed = Number(env['SEED'] ?? Date.now() % 1_000_000);
    this.counts = {
      injected: half('REQUESTS', 1_000_000),
      onWire: half('WIRE', 20_000),
      values: half('VALUES', 10_000),
    };
  }

  /** Notes the heap, ten times in all. Node must run with --expose-gc. */
  async look(sent: number): Promise<void> {
    if (sent < this.#nextLook) return;
    this.#nextLook = sent + this.counts.injected / 10;
    await new Promise((resolve) => setTimeout(resolve, 50));
    (globalThis as unknown as { gc: () => void }).gc();
    this.#heaps.push(process.memoryUsage().heapUsed);
    process.stderr.write(`${this.#who}: ${sent} requests, heap ${megabytes(this.#heaps.at(-1) ?? 0)}\n`);
  }

  /** Prints the outcome; the exit status. */
  tell({ injected, onWire, values, left: [name, left] }: FuzzOutcome): number {
    const growth = (this.#heaps.at(-1) ?? 0) - (this.#heaps[1] ?? this.#heaps[0] ?? 0);
    const wrong = [...injected.wrong, ...onWire.wrong, ...values.wrong];
    process.stdout.write(
      `${this.#who}, seed ${this.seed}: ${injected.sent} malformed requests in process: ${statusesOf(injected)}\n` +
        `  ${onWire.sent} on the wire: ${statusesOf(onWire)} (0: closed without a word)\n` +
        `  ${values.written} malformed values in the store, ${values.quarantined} told of as set aside\n` +
        `  ${name}: ${left}; heap after collection: ${this.#heaps.map(megabytes).join(', ')}; grown by ${megabytes(growth)}\n` +
        `  answered otherwise than refused: ${wrong.length}\n${wrong.map((one) => `    ${one}\n`).join('')}`,
    );
    return wrong.length === 0 && left === 0 && growth < mostGrowth ? 0 : 1;
  }
}

function statusesOf({ statuses }: HammerReport): string {
  const sorted = [...statuses].sort(([one], [other]) => one - other);
  return sorted.map(([status, count]) => `${status} × ${count}`).join(', ');
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(1)} MB`;
}
