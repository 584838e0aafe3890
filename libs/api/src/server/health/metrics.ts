/** What a program tells Prometheus: its own values, read when they are asked for, and those of its process. */
import { catalogue, type ErrorCode } from '@wgcni/base';
import type { CertificateLife } from '@wgcni/pki';
import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

/** One reading of a metric: a value with the labels that it is told by. */
export interface Reading {
  labels?: Record<string, string>;
  value: number;
}

export interface MetricsOptions {
  program: string;
  version: string;
  certificates: () => readonly CertificateLife[];
}

export class Metrics {
  /** Of this program alone: nothing stands in the registry that the library keeps for all. */
  readonly #registry = new Registry();
  readonly #denied: Counter<'code'>;
  readonly #limited: Counter;

  constructor({ program, version, certificates }: MetricsOptions) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    const denied = 'requests that were refused for who asked, or because nobody did';
    this.#denied = new Counter({ name: 'wgcni_requests_denied_total', help: denied, labelNames: ['code'], registers });
    const limited = 'requests of clients that ask too often';
    this.#limited = new Counter({ name: 'wgcni_requests_limited_total', help: limited, registers });
    this.gauge('wgcni_build_info', 'what runs', ['program', 'version'], () => [
      { labels: { program, version }, value: 1 },
    ]);
    const life = (name: string, help: string, at: (life: CertificateLife) => number): void =>
      this.gauge(name, help, ['use'], () =>
        certificates().map((each) => ({ labels: { use: each.use }, value: Math.floor(at(each) / 1_000) })),
      );
    life('wgcni_certificate_issued_timestamp_seconds', 'when a certificate begins', ({ validFromMs }) => validFromMs);
    life('wgcni_certificate_expiry_timestamp_seconds', 'when a certificate ends', ({ validToMs }) => validToMs);
  }

  /** Adds a value of the program; `read` is called when somebody asks. A reading that is left out is told no more. */
  gauge(name: string, help: string, labelNames: readonly string[], read: () => readonly Reading[]): void {
    const registers = [this.#registry];
    new Gauge({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        // Without labels a reset leaves a 0, which would be told for what is not known.
        this.remove({});
        for (const { labels = {}, value } of read()) this.set(labels, value);
      },
    });
  }

  /** The same for what only grows, and begins anew with whoever counts it. */
  counter(name: string, help: string, labelNames: readonly string[], read: () => readonly Reading[]): void {
    const registers = [this.#registry];
    new Counter({
      ...{ name, help, labelNames, registers },
      collect() {
        this.reset();
        for (const { labels = {}, value } of read()) this.inc(labels, value);
      },
    });
  }

  /** Counts a request that was refused with `code`. */
  refused(code: ErrorCode): void {
    const { http } = catalogue[code];
    if (http === 401 || http === 403) this.#denied.inc({ code });
    if (code === 'request.too-many') this.#limited.inc();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Prometheus text. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }
}
