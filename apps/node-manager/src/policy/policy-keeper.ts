/** Keeps the table of the policy in the kernel as it is wanted, and tells what it counted. */
import type { NodePolicy } from '@wgcni/api';
import type { Log } from '@wgcni/base';
import type { NftContent, NftCounts, NftTable } from '@wgcni/iproute';
import { isDeepStrictEqual } from 'node:util';
import { planTable } from './plan-table.ts';
import type { Policy } from './policy.ts';
import { policyCounts } from './policy-counts.ts';

export interface PolicyKeeperDeps {
  policyTable: NftTable;
  log: Log;
  /** Called when somebody else had changed what was kept, and it is right again. */
  onRestored?: () => void;
  /** Told that somebody else had changed the table. */
  differed?: (count: number) => void;
}

export class PolicyKeeper {
  readonly #deps: PolicyKeeperDeps;
  #kept: { policy: Policy; counts: NftCounts } | undefined;
  #planned: { policy: Policy; table: NftContent } | undefined;

  constructor(deps: PolicyKeeperDeps) {
    this.#deps = deps;
  }

  /** What is in the kernel, as of the last look, which is seconds ago; null before there was one. */
  get last(): NodePolicy | null {
    return this.#shown(this.#kept?.counts);
  }

  /** Makes the table right; writes only what differs. */
  async keep(policy: Policy): Promise<void> {
    const { didChange, counts } = await this.#deps.policyTable.ensure(this.#plan(policy));
    const isAsBefore = isDeepStrictEqual(this.#kept?.policy, policy);
    this.#kept = { policy, counts };
    const { isolation, rules } = policy;
    if (!didChange) return;
    this.#deps.log.info({ isolation, rules: rules.length }, 'host.policy-set');
    if (!isAsBefore) return;
    this.#deps.differed?.(1);
    this.#deps.onRestored?.();
  }

  /** What is in the kernel, counted until now; what was counted last when the kernel does not say. */
  async status(): Promise<NodePolicy | null> {
    if (this.#kept === undefined) return null;
    return this.#shown(await this.#deps.policyTable.counts().catch(() => this.#kept?.counts));
  }

  /** The same policy is planned once: thousands of blocks take a second. */
  #plan(policy: Policy): NftContent {
    if (this.#planned === undefined || !isDeepStrictEqual(this.#planned.policy, policy))
      this.#planned = { policy, table: planTable(policy) };
    return this.#planned.table;
  }

  #shown(counts: NftCounts | undefined): NodePolicy | null {
    if (this.#kept === undefined) return null;
    const { isolation, rules } = this.#kept.policy;
    const names = rules.map(({ name }) => name);
    return { isolation, ...policyCounts(names, counts ?? new Map()) };
  }
}
