/** The reports of every replica, asked once for all who want them at about the same time. */
import { PageOf, ReportSchema, ReportSummarySchema, type Page, type Report, type ReportSummary } from '@wgcni/api';
import { CatalogueError, messageOf } from '@wgcni/base';
import { TypeCompiler } from '@sinclair/typebox/compiler';
import type { Asking } from '../forward.ts';
import type { Replica } from '../replica.ts';
import { newestOfEach } from './newest.ts';

/** In whose name the others are asked. */
export type Caller = Pick<Asking, 'caller' | 'callerKey'>;

export interface Gathered {
  reports: ReportSummary[];
  /** Replicas that were asked and did not answer: what they alone have is missing. */
  unheard: string[];
}

/** For how long an answer of the others is good, in milliseconds: many who look at the page ask as often as one. */
const goodForMs = 1_000;
/** Reports that are asked for at once: few enough that nobody stands still over an answer, who gives it or who reads it. */
const pageLimit = 250;
const summaryPage = TypeCompiler.Compile(PageOf(ReportSummarySchema, 'ReportSummaries'));
const wholeReport = TypeCompiler.Compile(ReportSchema);

export class Gathering {
  readonly #replica: Replica;
  #last: { atMs: number; gathered: Promise<Gathered> } | undefined;

  constructor(replica: Replica) {
    this.#replica = replica;
  }

  /** The newest report of each node. */
  all(caller: Caller): Promise<Gathered> {
    const { clock } = this.#replica;
    if (this.#last !== undefined && clock.monotonicMs() - this.#last.atMs <= goodForMs) return this.#last.gathered;
    const gathered = this.#ask(caller);
    this.#last = { atMs: clock.monotonicMs(), gathered };
    return gathered;
  }

  /** The newest report of one node, with its attachments. Throws CatalogueError `report.absent`. */
  async one(nodeId: string, caller: Caller): Promise<Report> {
    const { reports } = this.#replica;
    const own = reports.of(nodeId);
    const path = `/v1/nodes/${encodeURIComponent(nodeId)}/report`;
    const { heard, unheard } = await this.#askOthers(caller, async (asking) => {
      const { status, json } = await this.#replica.forwarder.ask({ ...asking, path });
      if (status === 404) return [];
      return wholeReport.Check(json) ? [json] : Promise.reject(new Error(`it answered ${status}`));
    });
    const [newest] = newestOfEach([...(own === undefined ? [] : [own]), ...heard]);
    if (newest !== undefined) return newest;
    const missing = unheard.length === 0 ? '' : `; not heard: ${unheard.join(', ')}`;
    throw new CatalogueError('report.absent', `no replica has a report of ${nodeId}${missing}`, {
      remedy: 'see that the node is registered and of this version: it reports within seconds',
    });
  }

  async #ask(caller: Caller): Promise<Gathered> {
    const { heard, unheard } = await this.#askOthers(caller, async (asking) => {
      const items: ReportSummary[] = [];
      for (let after: string | null = ''; after !== null;) {
        const query = new URLSearchParams({ limit: String(pageLimit), ...(after === '' ? {} : { after }) });
        const page = await this.#page(asking, query.toString());
        items.push(...page.items);
        after = page.next;
      }
      return items;
    });
    return { reports: newestOfEach([...this.#replica.reports.summaries(), ...heard]), unheard };
  }

  async #page(asking: Omit<Asking, 'path'>, query: string): Promise<Page<ReportSummary>> {
    const { status, json } = await this.#replica.forwarder.ask({ ...asking, path: `/v1/reports?${query}` });
    if (summaryPage.Check(json)) return json;
    throw new Error(`it answered ${status}`);
  }

  async #askOthers<T>(
    caller: Caller,
    ask: (asking: Omit<Asking, 'path'>) => Promise<T[]>,
  ): Promise<{ heard: T[]; unheard: string[] }> {
    const { state, id, log } = this.#replica;
    const others = state.replicas.all().filter(({ record }) => record.replicaId !== id);
    const unheard: string[] = [];
    const asked = others.map(({ record: { replicaId, url } }) =>
      ask({ url, ...caller }).catch((error: unknown) => {
        log.debug({ replicaId, why: messageOf(error) }, 'reports.unheard');
        unheard.push(replicaId);
        return [];
      }),
    );
    return { heard: (await Promise.all(asked)).flat(), unheard: unheard.sort() };
  }
}
