/** Prints the OpenAPI document of the cluster-manager as YAML; with --check, fails when the committed one differs. */
import { readFile } from 'node:fs/promises';
import { silentLog, systemClock, systemRandom } from '@wgcni/base';
import { MemoryStore } from '@wgcni/store';
import { stringify } from 'yaml';
import { buildApp } from './app.ts';
import { parseConfig } from './config.ts';
import { runReplica } from './run-replica.ts';

const committed = 'openapi/cluster-manager.yaml';

/** The document; it comes from a replica whose loops have ended before they begin. */
async function describeClusterManager(): Promise<string> {
  const argv = ['--etcd=http://localhost:2379', '--cluster=main', '--listen=localhost:7001'];
  const config = parseConfig({
    argv: [...argv, '--advertise=http://localhost:7001'],
    env: {},
    hostname: 'localhost',
  });
  const store = MemoryStore.alone(systemClock);
  const deps = { store, clock: systemClock, random: systemRandom, log: silentLog, version: '1' };
  const replica = runReplica(deps, config, AbortSignal.abort());
  const app = await buildApp(replica);
  const text = stringify(app.swagger(), { lineWidth: 0, aliasDuplicateObjects: false });
  await app.close();
  await replica.forwarder.close();
  return text;
}

async function main(argv: readonly string[]): Promise<number> {
  const text = await describeClusterManager();
  if (!argv.includes('--check')) {
    process.stdout.write(text);
    return 0;
  }
  if ((await readFile(committed, 'utf8').catch(() => '')) === text) return 0;
  process.stderr.write(`${committed} is not what the schemas say: run "make openapi" and commit it\n`);
  return 1;
}

void main(process.argv.slice(2)).then((status) => (process.exitCode = status));
