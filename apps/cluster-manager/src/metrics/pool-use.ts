/** How full each pool of the network is, and how it fills. */
import type { Reading } from '@wgcni/api/server';
import type { Clock } from '@wgcni/base';
import { formatCidr, parseCidr, type SubnetPool, useSampleMs, UseTrends } from '@wgcni/ipam';
import type { ClusterState } from '../state/cluster-state.ts';

/** Every state that a subnet's record has, and `free` for those without one. */
const states = ['held', 'reserved', 'released', 'free'] as const;

export class PoolUse {
  readonly #state: Pick<ClusterState, 'pool' | 'subnets'>;
  readonly #clock: Clock;
  readonly #trends = new UseTrends();

  constructor(state: Pick<ClusterState, 'pool' | 'subnets'>, clock: Clock) {
    this.#state = state;
    this.#clock = clock;
  }

  /** Looks now and then until the signal aborts: a trend needs a past. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.note();
      await this.#clock.sleep(useSampleMs, signal).catch(() => undefined);
    }
  }

  /** Takes what is taken now into the trends. */
  note(): void {
    this.#trends.note(this.#clock.monotonicMs(), counted(this.#state.pool));
  }

  /** Subnets of each pool by state. */
  subnets(): Reading[] {
    const { pool: pools, subnets } = this.#state;
    const counts = new Map<string, number>();
    for (const { record } of subnets.all()) {
      const pool = pools.poolOf(parseCidr(record.cidr));
      const label = `${record.state} ${pool === undefined ? '' : formatCidr(pool.cidr)}`;
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    return counted(pools).flatMap(({ name, free }) =>
      states.map((state): Reading => {
        const value = state === 'free' ? free : (counts.get(`${state} ${name}`) ?? 0);
        return { labels: { pool: name, state }, value };
      }),
    );
  }

  /** Seconds until a pool is full, where that can be told. */
  untilFull(): Reading[] {
    return counted(this.#state.pool).flatMap(({ name, free }) => {
      const ms = this.#trends.untilFullMs(name, free);
      return ms === undefined ? [] : [{ labels: { pool: name }, value: ms / 1_000 }];
    });
  }
}

function counted(pool: SubnetPool): { name: string; taken: number; free: number }[] {
  return pool.pools.flatMap(({ cidr }) => {
    const counts = pool.counts(cidr);
    return counts === undefined ? [] : [{ name: formatCidr(cidr), taken: counts.taken, free: Number(counts.free) }];
  });
}
