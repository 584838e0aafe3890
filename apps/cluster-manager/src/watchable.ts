/** Health and metrics of a replica, served when that is asked for. */
import { type Answered, serveHealth } from '@wgcni/api/server';
import type { ErrorCode } from '@wgcni/base';
import type { ProcessCredentials } from '@wgcni/pki';
import type { Config } from './config.ts';
import { PoolUse } from './metrics/pool-use.ts';
import { replicaMetrics } from './metrics/replica-metrics.ts';
import { refuseUnready } from './readiness.ts';
import { showNodes } from './registry/show-node.ts';
import type { Replica } from './replica.ts';

export interface Watchable {
  /** Counts a request that was refused. */
  onRefusal: (code: ErrorCode) => void;
  /** Times an answer. */
  onAnswered: (answered: Answered) => void;
  close(): Promise<void>;
}

/** Throws CatalogueError `config.invalid` for an address that cannot be had. */
export async function makeWatchable(
  { cluster, healthListen: listen }: Config,
  replica: Replica,
  credentials: Pick<ProcessCredentials, 'tls' | 'etcd'>,
): Promise<Watchable | undefined> {
  if (listen === undefined) return undefined;
  const { clock, log, meters } = replica;
  const use = new PoolUse(replica.state, clock);
  const metrics = replicaMetrics({ replica, nodes: () => showNodes(replica.state), use, credentials });
  const ready = (): void => refuseUnready(replica);
  const serving = await serveHealth({ listen, metrics, ready, cluster, credentials: credentials.tls, clock, log });
  const ended = new AbortController();
  const looking = use.run(ended.signal);
  return {
    onRefusal: (code) => metrics.refused(code),
    onAnswered: (answered) => meters.answers.take(answered),
    close: async () => {
      ended.abort();
      await Promise.all([looking, serving.close()]);
    },
  };
}
