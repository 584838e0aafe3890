/** What a program tells Prometheus: its own values, read when they are asked for, and those of its process. */
import { catalogue, type ErrorCode } from '@wgcni/base';
import type { CertificateLife } from '@wgcni/pki';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { type Family, type Reading, textOf } from './exposition.ts';
import { type Meter, Tally } from './meter.ts';

export interface MetricsOptions {
  program: string;
  version: string;
  certificates: () => readonly CertificateLife[];
}

/** What a metric is, whether it has a value or not. */
export interface MetricAbout {
  name: string;
  type: 'gauge' | 'counter' | 'histogram';
  help: string;
  labelNames: readonly string[];
}

/** Gauges that the library gives names of counters, which a linter of Prometheus refuses. What they count is told without them, by kind. */
const misnamed = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total'];

export class Metrics {
  /** Of this program alone: nothing stands in the registry that the library keeps for all. */
  readonly #registry = new Registry();
  readonly #about: MetricAbout[] = [];
  /** What is read when somebody asks. */
  readonly #read: (Family & { read: () => readonly Reading[] })[] = [];
  readonly #denied = new Tally(
    'wgcni_requests_denied_total',
    'requests that were refused for who asked, or because nobody did',
    ['code'],
  );
  readonly #limited = new Tally('wgcni_requests_limited_total', 'requests of clients that ask too often', [], [{}]);

  constructor({ program, version, certificates }: MetricsOptions) {
    collectDefaultMetrics({ register: this.#registry });
    for (const name of misnamed) this.#registry.removeSingleMetric(name);
    this.gauge('wgcni_build_info', 'what runs', ['program', 'version'], () => [
      { labels: { program, version }, value: 1 },
    ]);
    const life = (name: string, help: string, at: (life: CertificateLife) => number): void =>
      this.gauge(name, help, ['use'], () =>
        certificates().map((each) => ({ labels: { use: each.use }, value: Math.floor(at(each) / 1_000) })),
      );
    life('wgcni_certificate_issued_timestamp_seconds', 'when a certificate begins', ({ validFromMs }) => validFromMs);
    life('wgcni_certificate_expiry_timestamp_seconds', 'when a certificate ends', ({ validToMs }) => validToMs);
    this.include(this.#denied);
    this.include(this.#limited);
  }

  /** Adds a value of the program; `read` is called when somebody asks. A reading that is left out is told no more. */
  gauge(name: string, help: string, labelNames: readonly string[], read: () => readonly Reading[]): void {
    this.#about.push({ name, type: 'gauge', help, labelNames });
    this.#read.push({ name, type: 'gauge', help, read });
  }

  /** The same for what only grows, and begins anew with whoever counts it. */
  counter(name: string, help: string, labelNames: readonly string[], read: () => readonly Reading[]): void {
    this.#about.push({ name, type: 'counter', help, labelNames });
    this.#read.push({ name, type: 'counter', help, read });
  }

  /** Adds what the program has timed or counted since it began, and goes on to. */
  include({ name, help, labelNames, metric }: Meter): void {
    const type = metric instanceof Counter ? 'counter' : 'histogram';
    this.#about.push({ name, type, help, labelNames });
    this.#registry.registerMetric<string>(metric);
  }

  /** Every metric of the program's own, in the order in which they were added. */
  get about(): readonly MetricAbout[] {
    return this.#about;
  }

  /** Counts a request that was refused with `code`. */
  refused(code: ErrorCode): void {
    const { http } = catalogue[code];
    if (http === 401 || http === 403) this.#denied.add({ code });
    if (code === 'request.too-many') this.#limited.add({});
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus text. */
  async text(): Promise<string> {
    const read = this.#read.map((each) => textOf(each, each.read()));
    return `${read.join('')}${await this.#registry.metrics()}`;
  }
}
