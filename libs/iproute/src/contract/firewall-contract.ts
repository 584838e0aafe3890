/** What every adapter of the Firewall port must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Firewall, FirewallChain } from '../port.ts';

export interface FirewallHarness {
  firewall: Firewall;
  /** The rules of a chain without its name, or undefined when there is none. */
  rulesOf(family: 4 | 6, table: string, chain: string): Promise<string[] | undefined>;
  /** Someone else puts a rule at the head of a built-in chain. */
  insertForeign(family: 4 | 6, table: string, entry: { chain: string; rule: string }): Promise<void>;
  /** Someone else flushes a table and deletes the chains in it. */
  flush(family: 4 | 6, table: string): Promise<void>;
  close(): Promise<void>;
}

const prefix = 'WGCNI-';
const forward: FirewallChain = {
  ...{ family: 4, table: 'filter', name: 'WGCNI-FORWARD', hook: 'FORWARD' },
  rules: [
    '-i wgcni-pods -j ACCEPT',
    '-o wgcni-pods -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    '-p tcp --dport 80 -j DROP',
  ],
};
const input: FirewallChain = {
  ...{ family: 4, table: 'filter', name: 'WGCNI-INPUT', hook: 'INPUT' },
  rules: ['! -i lo -p udp --dport 61000:65535 -j DROP'],
};
const mangle: FirewallChain = {
  ...{ family: 6, table: 'mangle', name: 'WGCNI-MSS', hook: 'FORWARD' },
  rules: ['-p tcp --tcp-flags SYN,RST SYN -o wgcni-mesh -j TCPMSS --clamp-mss-to-pmtu'],
};
const nat: FirewallChain = {
  ...{ family: 4, table: 'nat', name: 'WGCNI-POSTROUTING', hook: 'POSTROUTING' },
  rules: ['-s 10.64.0.0/12 ! -d 10.64.0.0/12 -j MASQUERADE'],
};
const chains = [forward, input, mangle, nat];

/** Runs the suite on the adapter that `open` makes for each test. */
export function describeFirewallContract(name: string, open: () => Promise<FirewallHarness>): void {
  describe(`Firewall contract: ${name}`, () => {
    let harness: FirewallHarness;
    beforeEach(async () => {
      harness = await open();
    });
    afterEach(() => harness.close());
    const headOf = async (chain: FirewallChain) => (await harness.rulesOf(chain.family, chain.table, chain.hook))?.[0];

    it('makes the chains of both families and jumps to each once, from the head of its hook', async () => {
      await harness.insertForeign(4, 'filter', { chain: 'FORWARD', rule: '-i eth9 -j DROP' });
      expect(await harness.firewall.ensure(chains, prefix)).not.toEqual([]);
      for (const chain of chains) {
        expect(await harness.rulesOf(chain.family, chain.table, chain.name)).toHaveLength(chain.rules.length);
        expect(await headOf(chain)).toBe(`-j ${chain.name}`);
      }
      expect(await harness.rulesOf(4, 'filter', 'FORWARD')).toEqual(['-j WGCNI-FORWARD', '-i eth9 -j DROP']);
    });

    it('writes nothing when nothing differs, also when the kernel rewrote our rules', async () => {
      await harness.firewall.ensure(chains, prefix);
      expect(await harness.firewall.ensure(chains, prefix)).toEqual([]);
    });

    it('goes back to the head when someone else put a rule before it', async () => {
      await harness.firewall.ensure(chains, prefix);
      await harness.insertForeign(4, 'filter', { chain: 'FORWARD', rule: '-i eth9 -j DROP' });
      expect(await harness.firewall.ensure(chains, prefix)).not.toEqual([]);
      expect(await harness.rulesOf(4, 'filter', 'FORWARD')).toEqual(['-j WGCNI-FORWARD', '-i eth9 -j DROP']);
    });

    it('puts everything back after a flush', async () => {
      await harness.firewall.ensure(chains, prefix);
      await harness.flush(4, 'filter');
      expect(await harness.firewall.ensure(chains, prefix)).not.toEqual([]);
      expect(await headOf(forward)).toBe('-j WGCNI-FORWARD');
      expect(await harness.rulesOf(4, 'filter', 'WGCNI-INPUT')).toHaveLength(1);
    });

    it('undoes a rule that someone put into our chain', async () => {
      await harness.firewall.ensure(chains, prefix);
      await harness.insertForeign(4, 'filter', { chain: 'WGCNI-FORWARD', rule: '-j DROP' });
      expect(await harness.firewall.ensure(chains, prefix)).toEqual(['WGCNI-FORWARD/4']);
      expect(await harness.rulesOf(4, 'filter', 'WGCNI-FORWARD')).toHaveLength(forward.rules.length);
    });

    it('follows changed rules, and removes a chain of ours that is no longer wanted', async () => {
      await harness.firewall.ensure(chains, prefix);
      const changed = await harness.firewall.ensure([{ ...forward, rules: ['-j ACCEPT'] }, mangle], prefix);
      expect(changed).toEqual(expect.arrayContaining(['WGCNI-FORWARD/4', 'WGCNI-INPUT/4']));
      expect(changed).not.toContain('WGCNI-MSS/6');
      expect(await harness.rulesOf(4, 'filter', 'WGCNI-FORWARD')).toEqual(['-j ACCEPT']);
      expect(await harness.rulesOf(4, 'filter', 'WGCNI-INPUT')).toBeUndefined();
      expect(await harness.rulesOf(4, 'nat', 'WGCNI-POSTROUTING')).toBeUndefined();
      expect((await harness.rulesOf(4, 'filter', 'INPUT')) ?? []).toEqual([]);
    });

    it('keeps the order of two chains at one hook', async () => {
      const second: FirewallChain = { ...forward, name: 'WGCNI-SECOND', rules: ['-j ACCEPT'] };
      await harness.firewall.ensure([forward, second], prefix);
      expect(await harness.rulesOf(4, 'filter', 'FORWARD')).toEqual(['-j WGCNI-FORWARD', '-j WGCNI-SECOND']);
      expect(await harness.firewall.ensure([forward, second], prefix)).toEqual([]);
    });

    it("removes all of ours and nothing of others', twice as well as once", async () => {
      await harness.insertForeign(4, 'filter', { chain: 'FORWARD', rule: '-i eth9 -j DROP' });
      await harness.firewall.ensure(chains, prefix);
      await harness.firewall.remove(prefix);
      await harness.firewall.remove(prefix);
      expect(await harness.rulesOf(4, 'filter', 'WGCNI-FORWARD')).toBeUndefined();
      expect(await harness.rulesOf(6, 'mangle', 'WGCNI-MSS')).toBeUndefined();
      expect(await harness.rulesOf(4, 'filter', 'FORWARD')).toEqual(['-i eth9 -j DROP']);
    });
  });
}
