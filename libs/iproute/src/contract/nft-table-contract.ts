/** What every adapter of the NftTable port must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NftContent, NftTable } from '../port.ts';

export interface NftTableHarness {
  table: NftTable;
  /** Rules of a chain in number, or undefined when there is none. */
  rulesIn(chain: string): Promise<number | undefined>;
  /** The elements of a set, in order, or undefined when there is none. */
  elementsOf(set: string): Promise<string[] | undefined>;
  /** A question of 84 bytes and its answer come in on `lo`: both are of the connection that the question began. */
  ping(): Promise<void>;
  /** Someone else puts a rule at the end of a chain of ours. */
  addForeign(chain: string, rule: string): Promise<void>;
  /** Someone else takes everything out of a set of ours. */
  emptySet(set: string): Promise<void>;
  /** Someone else deletes every table of the host. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** Counts what comes in on `lo` and lets everything pass. */
const passing: NftContent = {
  sets: [
    { name: 'ours4', family: 4, elements: ['10.64.0.0/12', '127.0.0.0/8'] },
    { name: 'ours6', family: 6, elements: ['fd64::/48'] },
    { name: 'all4', family: 4, elements: ['0.0.0.0/0'] },
    { name: 'nobody4', family: 4, elements: [] },
  ],
  counters: ['denied', 'rule-a.b_c-1'],
  chains: [
    {
      name: 'input',
      hook: 'input',
      rules: ['ct original ip saddr @ours4 jump judged', 'ct original ip6 saddr @ours6 jump judged'],
    },
    {
      name: 'judged',
      rules: [
        'meta l4proto 6 ct reply proto-src 8000-8100 ct reply ip saddr @all4 counter name denied drop',
        'ct reply ip saddr 10.64.0.0/12 ct reply ip saddr & 0.0.0.255 == 0.0.0.1 accept',
        'ct protocol 17 ct reply ip saddr @nobody4 accept',
        'ct reply ip6 saddr fd64::/48 ct reply ip6 saddr & ::ffff:ffff:ffff:ffff == ::1 accept',
        'counter name rule-a.b_c-1 accept',
      ],
    },
  ],
};
const without = (counter: string): NftContent => ({
  ...passing,
  counters: passing.counters.filter((name) => name !== counter),
  chains: passing.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.filter((rule) => !rule.includes(` ${counter} `)),
  })),
});

/** Runs the suite on the adapter that `open` makes for each test. */
export function describeNftTableContract(name: string, open: () => Promise<NftTableHarness>): void {
  describe(`NftTable contract: ${name}`, () => {
    let harness: NftTableHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(() => harness.close());

    it('makes sets, counters, chains and rules', async () => {
      const { didChange, counts } = await harness.table.ensure(passing);
      expect(didChange).toBe(true);
      expect([...counts.keys()].sort()).toEqual(passing.counters);
      expect([await harness.rulesIn('input'), await harness.rulesIn('judged')]).toEqual([2, 5]);
      expect(await harness.elementsOf('ours4')).toEqual(['10.64.0.0/12', '127.0.0.0/8']);
      expect(await harness.elementsOf('nobody4')).toEqual([]);
    });

    it('writes nothing when nothing differs, whatever was counted since', async () => {
      await harness.table.ensure(passing);
      await harness.ping();
      expect((await harness.table.ensure(passing)).didChange).toBe(false);
    });

    it('goes on counting through a change of other rules, and forgets a counter with its rule', async () => {
      await harness.table.ensure(passing);
      await harness.ping();
      const { didChange, counts } = await harness.table.ensure(without('denied'));
      expect([didChange, [...counts.keys()]]).toEqual([true, ['rule-a.b_c-1']]);
      expect(counts.get('rule-a.b_c-1')?.packets).toBe(2);
      await harness.ping();
      expect((await harness.table.counts()).get('rule-a.b_c-1')).toEqual({ packets: 4, bytes: 4 * 84 });
      await harness.table.ensure(without('rule-a.b_c-1'));
      expect((await harness.table.ensure(passing)).counts.get('rule-a.b_c-1')?.packets).toBe(0);
    });

    it('follows sets and chains that change, come and go', async () => {
      await harness.table.ensure(passing);
      await harness.table.ensure({
        sets: [{ name: 'ours4', family: 4, elements: ['10.64.0.0/12', '10.96.0.0/16'] }],
        counters: [],
        chains: [{ name: 'input', hook: 'input', rules: ['ct original ip saddr @ours4 accept'] }],
      });
      expect(await harness.elementsOf('ours4')).toEqual(['10.64.0.0/12', '10.96.0.0/16']);
      expect([await harness.elementsOf('ours6'), await harness.rulesIn('judged')]).toEqual([undefined, undefined]);
      expect((await harness.table.ensure(passing)).didChange).toBe(true);
      expect(await harness.rulesIn('judged')).toBe(5);
    });

    it('puts everything back after a flush', async () => {
      await harness.table.ensure(passing);
      await harness.flush();
      expect(await harness.table.counts()).toEqual(new Map());
      expect((await harness.table.ensure(passing)).didChange).toBe(true);
      expect(await harness.rulesIn('judged')).toBe(5);
    });

    it('undoes a rule that someone put into our chain, and fills a set that someone emptied', async () => {
      await harness.table.ensure(passing);
      await harness.addForeign('judged', 'accept');
      expect((await harness.table.ensure(passing)).didChange).toBe(true);
      expect(await harness.rulesIn('judged')).toBe(5);
      await harness.emptySet('ours4');
      expect((await harness.table.ensure(passing)).didChange).toBe(true);
      expect(await harness.elementsOf('ours4')).toEqual(['10.64.0.0/12', '127.0.0.0/8']);
    });

    it('leaves the table as it was when the kernel refuses the next one', async () => {
      await harness.table.ensure(passing);
      const wrong = { ...passing, chains: [{ name: 'input', hook: 'input' as const, rules: ['jump nowhere'] }] };
      await expect(harness.table.ensure(wrong)).rejects.toMatchObject({ code: 'kernel.refused' });
      expect([await harness.rulesIn('input'), await harness.rulesIn('judged')]).toEqual([2, 5]);
      expect((await harness.table.ensure(passing)).didChange).toBe(false);
    });

    it('can be verified, and tells of a flush and of a foreign rule until the signal aborts', async () => {
      await harness.table.verify();
      await harness.table.ensure(passing);
      const stop = new AbortController();
      let seen = 0;
      const watching = (async () => {
        for await (const _ of harness.table.changes(stop.signal)) seen++;
      })();
      // A monitor that was just started rings by itself, a second later for the last time but one.
      await new Promise((resolve) => setTimeout(resolve, 1_500));
      for (const change of [() => harness.addForeign('judged', 'accept'), () => harness.flush()]) {
        const before = seen;
        await change();
        await expect.poll(() => seen, { timeout: 1_000, interval: 20 }).toBeGreaterThan(before);
      }
      stop.abort();
      await watching;
    });

    it('removes the table, twice as well as once', async () => {
      await harness.table.ensure(passing);
      await harness.table.remove();
      await harness.table.remove();
      expect(await harness.rulesIn('input')).toBeUndefined();
      expect((await harness.table.ensure(passing)).didChange).toBe(true);
    });
  });
}
