/** Prints the OpenAPI document of the cluster-manager as YAML; with --check, fails when the committed one differs. */
import { printOpenapi } from '@wgcni/api/server';
import { silentLog, systemClock, systemRandom } from '@wgcni/base';
import { MemoryStore } from '@wgcni/store';
import { buildApp } from './app.ts';
import { parseConfig } from './config.ts';
import { runReplica } from './run-replica.ts';

/** The document comes from a replica whose loops have ended before they begin. */
async function main(argv: readonly string[]): Promise<number> {
  const flags = ['--etcd=http://localhost:2379', '--cluster=main', '--listen=localhost:7001', '--insecure'];
  const config = parseConfig({
    argv: [...flags, '--advertise=http://localhost:7001'],
    env: {},
    hostname: 'localhost',
  });
  const store = MemoryStore.alone(systemClock);
  const deps = { store, clock: systemClock, random: systemRandom, log: silentLog, version: '1' };
  const replica = runReplica(deps, config, AbortSignal.abort());
  const status = await printOpenapi(await buildApp(replica), 'openapi/cluster-manager.yaml', argv);
  await replica.forwarder.close();
  return status;
}

void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
