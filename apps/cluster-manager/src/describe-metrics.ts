/** Writes the reference of the cluster-manager's metrics; `--check` fails when it differs, `--exposition` prints a sample of each. */
import { tellMetrics } from '@wgcni/api/server';
import { silentLog, systemClock, systemRandom } from '@wgcni/base';
import { MemoryStore } from '@wgcni/store';
import { parseConfig } from './config.ts';
import { ReplicaMeters } from './metrics/replica-meters.ts';
import { replicaMetrics } from './metrics/replica-metrics.ts';
import { runReplica } from './run-replica.ts';

/** A replica whose loops have ended before they begin, with one of each thing that it counts. */
async function main(argv: readonly string[]): Promise<number> {
  const flags = ['--etcd=http://localhost:2379', '--cluster=main', '--listen=localhost:7001', '--insecure'];
  const env = { argv: [...flags, '--advertise=http://localhost:7001'], env: {}, hostname: 'localhost' };
  const meters = counted();
  const deps = { clock: systemClock, random: systemRandom, log: silentLog, version: '1', meters };
  const replica = runReplica({ ...deps, store: MemoryStore.alone(systemClock) }, parseConfig(env), AbortSignal.abort());
  const pool = '10.64.0.0/12';
  const use = {
    subnets: () => [{ labels: { pool, state: 'free' }, value: 4_096 }],
    untilFull: () => [{ labels: { pool }, value: 86_400 }],
  };
  const current = { validFromMs: 1_000, validToMs: 2_000 } as never;
  const credentials = { tls: { current, onChange: () => () => {} }, etcd: undefined };
  const nodes = (): { nodeId: string; state: 'silent'; silentSec: number }[] => [
    { nodeId: 'n3', state: 'silent', silentSec: 60 },
  ];
  const metrics = replicaMetrics({ replica, nodes, use, credentials });
  metrics.refused('identity.missing');
  const status = await tellMetrics('cluster-manager', metrics, argv);
  await replica.forwarder.close();
  return status;
}

function counted(): ReplicaMeters {
  const meters = new ReplicaMeters();
  meters.answers.take({ operation: 'getNetwork', status: 200, isCut: false, ms: 1 });
  meters.storeCalled({ operation: 'get', outcome: 'ok', ms: 1 });
  return meters;
}

void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
