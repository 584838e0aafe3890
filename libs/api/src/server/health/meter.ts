/** What a program times and counts while it works. It is kept whether anybody asks or not, and told once it is given to `Metrics`. */
import { Counter, Histogram } from 'prom-client';

/** Upper bounds of what a duration is sorted into, in seconds: from a look into memory to what a runtime gives up on. */
const boundsSec = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export interface Meter {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
  readonly metric: Counter | Histogram;
}

/** A histogram of durations; its name ends in `_seconds`. Labels are of few values each. */
export class Durations<Label extends string> implements Meter {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  readonly metric: Histogram;

  constructor(name: string, help: string, labelNames: readonly Label[]) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.metric = new Histogram({ name, help, labelNames: [...labelNames], buckets: boundsSec, registers: [] });
  }

  /** One that took `ms` milliseconds. */
  observe(labels: Record<Label, string>, ms: number): void {
    this.metric.observe(labels, ms / 1_000);
  }
}

/** A count that only grows; its name ends in `_total`. What is `known` beforehand is told as 0 until it happens. */
export class Tally<Label extends string> implements Meter {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  readonly metric: Counter;

  constructor(
    name: string,
    help: string,
    labelNames: readonly Label[],
    known: readonly Partial<Record<Label, string>>[] = [],
  ) {
    this.name = name;
    this.help = help;
    this.labelNames = labelNames;
    this.metric = new Counter({ name, help, labelNames: [...labelNames], registers: [] });
    for (const labels of known) this.metric.inc(labels, 0);
  }

  add(labels: Record<Label, string>, by = 1): void {
    this.metric.inc(labels, by);
  }
}
