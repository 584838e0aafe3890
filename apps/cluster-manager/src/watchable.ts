/** Health and metrics of a replica, served when that is asked for. */
import { serveHealth } from '@wgcni/api/server';
import type { ErrorCode } from '@wgcni/base';
import type { ProcessCredentials } from '@wgcni/pki';
import type { Config } from './config.ts';
import { refuseUnready } from './readiness.ts';
import type { Replica } from './replica.ts';
import { replicaMetrics } from './replica-metrics.ts';

export interface Watchable {
  /** Counts a request that was refused. */
  onRefusal: (code: ErrorCode) => void;
  close(): Promise<void>;
}

/** Throws CatalogueError `config.invalid` for an address that cannot be had. */
export async function makeWatchable(
  { cluster, healthListen: listen }: Config,
  replica: Replica,
  credentials: Pick<ProcessCredentials, 'tls' | 'etcd'>,
): Promise<Watchable | undefined> {
  if (listen === undefined) return undefined;
  const metrics = replicaMetrics(replica, credentials);
  const { clock, log } = replica;
  const ready = (): void => refuseUnready(replica);
  const serving = await serveHealth({ listen, metrics, ready, cluster, credentials: credentials.tls, clock, log });
  return { onRefusal: (code) => metrics.refused(code), close: serving.close };
}
