/** The NftTable port on the host's own `nft`: looked at by one process, written by one transaction. */
import { CatalogueError, SerialQueue } from '@wgcni/base';
import { isOfTable } from '../nft/monitor-line.ts';
import { unlikePlan } from '../nft/as-planned.ts';
import { countListed, type ListedTable, parseListedTable } from '../nft/listed-table.ts';
import { planRebuild, planTransaction } from '../nft/plan-transaction.ts';
import type { NftContent, NftCounts, NftTable } from '../port.ts';
import { monitorChanges } from './monitor.ts';
import { Processes } from './processes.ts';

export interface ExecNftTableOptions {
  name: string;
  /** A namespace that stands for our own; by default the one this process is in. */
  ownNetns?: string;
}

interface Look extends ListedTable {
  json: string;
}

/** One of each thing that tables of ours are made of. */
const sample: NftContent = {
  sets: [{ name: 'blocks4', family: 4, elements: ['10.0.0.0/8'] }],
  counters: ['passed'],
  chains: [
    { name: 'input', hook: 'input', rules: ['ct original ip saddr @blocks4 jump judged'] },
    { name: 'judged', rules: ['meta l4proto 6 ct reply proto-src 80 counter name passed accept'] },
  ],
};

const absent: Look = {
  ...{ content: '', chains: [], sets: [], counters: [], counts: new Map() },
  json: '{"nftables":[]}',
};

export class ExecNftTable implements NftTable {
  readonly #name: string;
  readonly #processes: Processes;
  readonly #queue = new SerialQueue();
  /** What the kernel made of what we wrote last: a later look is compared with this, not with our words. */
  #readBack: { written: string; content: string } | undefined;

  constructor({ name, ownNetns }: ExecNftTableOptions) {
    this.#name = name;
    this.#processes = new Processes(ownNetns);
  }

  ensure(content: NftContent): Promise<{ didChange: boolean; counts: NftCounts }> {
    return this.#queue.run(async () => {
      const written = JSON.stringify(content);
      const before = await this.#list();
      if (this.#readBack?.written === written && this.#readBack.content === before.content)
        return { didChange: false, counts: before.counts };
      await this.#write(content, before);
      const { json, ...after } = await this.#list();
      // FENCE: what somebody wrote between our write and this look is not taken for our own: the next look writes once more.
      this.#readBack =
        unlikePlan(content, countListed(json)) === undefined ? { written, content: after.content } : undefined;
      return { didChange: before.content !== after.content, counts: after.counts };
    });
  }

  counts(): Promise<NftCounts> {
    return this.#queue.run(async () => (await this.#list()).counts);
  }

  changes(signal: AbortSignal): AsyncIterable<void> {
    const isNews = (line: string): boolean => isOfTable(line, this.#name);
    return monitorChanges(this.#processes, signal, { argv: ['nft', 'monitor'], isNews });
  }

  async verify(): Promise<void> {
    const listed = await this.#processes.run({ argv: ['nft', '-j', 'list', 'tables'] });
    if (listed.status !== 0) throw unfit('list tables as JSON', listed.stderr);
    const input = planTransaction(this.#name, sample, absent);
    const checked = await this.#processes.run({ argv: ['nft', '--check', '-f', '-'], input });
    if (checked.status !== 0) throw unfit('read the rules that are written here', checked.stderr);
  }

  remove(): Promise<void> {
    return this.#queue.run(async () => {
      this.#readBack = undefined;
      const { status, stderr } = await this.#run(`add table inet ${this.#name}\ndelete table inet ${this.#name}\n`);
      if (status !== 0) throw refused(stderr);
    });
  }

  async #write(content: NftContent, before: ListedTable): Promise<void> {
    const { status, stderr } = await this.#run(planTransaction(this.#name, content, before));
    if (status === 0) return;
    // Somebody may have put another kind of thing under one of our names; a refusal for any other reason is said again.
    const rebuilt = await this.#run(planRebuild(this.#name, content));
    if (rebuilt.status !== 0) throw refused(`${stderr}${rebuilt.stderr}`);
  }

  /** A table that is not there is listed with a complaint in words, whose status is that of any other: then all tables are listed. */
  async #list(): Promise<Look> {
    const { status, stdout, stderr } = await this.#processes.run({
      argv: ['nft', '-j', 'list', 'table', 'inet', this.#name],
    });
    if (status === 0) return { ...parseListedTable(stdout), json: stdout };
    const tables = await this.#processes.run({ argv: ['nft', 'list', 'tables', 'inet'] });
    if (tables.status !== 0 || tables.stdout.split('\n').includes(`table inet ${this.#name}`)) throw refused(stderr);
    return absent;
  }

  #run(input: string): Promise<{ status: number; stderr: string }> {
    return this.#processes.run({ argv: ['nft', '-f', '-'], input });
  }
}

function unfit(what: string, reason: string): CatalogueError {
  return new CatalogueError('config.invalid', `the program nft cannot ${what}: ${reason.trim()}`, {
    field: 'nft',
    remedy: 'install nftables of 0.9.8 or later, built with JSON, as of the Debian package nftables',
  });
}

function refused(reason: string): CatalogueError {
  return new CatalogueError('kernel.refused', `nft failed: ${reason.trim()}`, {
    remedy:
      'see whether the kernel has nf_tables with its conntrack and counter expressions, and the process CAP_NET_ADMIN',
  });
}
