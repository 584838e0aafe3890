/** `cluster-manager`: wires flags, etcd, the replica's loops and the REST surface; decides nothing. */
import { hostname } from 'node:os';
import { type Log, systemClock, systemRandom } from '@wgcni/base';
import { type Identity, openCredentials } from '@wgcni/pki';
import type { IssuingAuthority } from '@wgcni/pki/authority';
import { EtcdStore, MeasuredStore } from '@wgcni/store';
import { pino } from 'pino';
import { buildApp } from './app.ts';
import { type Config, readConfig } from './config.ts';
import { howItEnded, type Judged, logWarnings, readConfigFile, reloader, type Surroundings } from '@wgcni/api/server';
import { program } from './flags.ts';
import { ReplicaMeters } from './metrics/replica-meters.ts';
import { bootstrap } from './network/bootstrap.ts';
import { builtPage } from './page/built-page.ts';
import { runReplica } from './run-replica.ts';
import { version } from './version.ts';
import { makeWatchable } from './watchable.ts';

/** How long requests in flight may take to end after SIGTERM. */
const closeTimeoutMs = 3_000;

async function run({ config, said }: Judged<Config>): Promise<void> {
  const log = pino(
    { level: config.logLevel, base: { replica: config.replicaId } },
    pino.destination({ fd: 2, sync: true }),
  );
  logWarnings(log);
  const take = (next: Config): void => {
    log.level = next.logLevel;
    Object.assign(config.clients, next.clients);
  };
  process.on('SIGHUP', reloader({ program, read: () => readConfig(surroundings()), take, log }, said));
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(new Error(signal)));
  const own = { kind: 'manager' as const, cluster: config.cluster, replicaId: config.replicaId };
  const issued = await openAuthority(config, own, log);
  const credentials = await openCredentials({ ...config, issued }, own, { clock: systemClock, log }, stop.signal);
  const meters = new ReplicaMeters();
  const etcd = new EtcdStore({ urls: config.etcd, credentials: credentials.etcd });
  const store = new MeasuredStore(etcd, systemClock, (call) => meters.storeCalled(call));
  let tellListening = (): void => {};
  const listening = new Promise<void>((resolve) => (tellListening = resolve));
  const deps = {
    ...{ store, clock: systemClock, random: systemRandom, log, version, page: builtPage },
    ...{ credentials: credentials.tls, authority: issued, meters },
  };
  const replica = runReplica(deps, config, stop.signal, listening);
  const stopped = new Promise<void>((resolve) =>
    stop.signal.addEventListener('abort', () => resolve(), { once: true }),
  );
  const health = await makeWatchable(config, replica, credentials);
  const app = await buildApp(replica, credentials.tls, config.clients, health);
  try {
    await Promise.race([replica.listed, stopped]);
    if (!stop.signal.aborted) {
      await bootstrap(replica, config.network, config.bootstrap);
      await app.listen(config.listen);
      tellListening();
      if (credentials.etcd !== undefined) void warnOfOpenStore(etcd, log, stop.signal);
      log.info(
        { version, listen: config.listen, advertise: config.advertise, cluster: config.cluster },
        'replica.started',
      );
      await stopped;
    }
  } finally {
    stop.abort(new Error('the replica ends'));
    // ORDER: resign first, so that the next leader is elected while requests in flight end.
    await replica.ended;
    await Promise.race([app.close(), systemClock.sleep(closeTimeoutMs)]);
    await replica.forwarder.close();
    await health?.close();
    await store.close();
    await credentials.ended;
  }
  log.info({}, 'replica.stopped');
}

/** The library behind it is large, and of no use with a PKI of one's own. */
async function openAuthority({ authority }: Config, own: Identity, log: Log): Promise<IssuingAuthority | undefined> {
  if (authority === undefined) return undefined;
  const { IssuingAuthority } = await import('@wgcni/pki/authority');
  return IssuingAuthority.open({ ...authority, own, clock: systemClock, log });
}

/** Certificates towards an etcd that asks for nobody's name protect little. A store that is away is told of elsewhere. */
async function warnOfOpenStore(store: EtcdStore, log: Log, signal: AbortSignal): Promise<void> {
  const isOpen = await store.isOpen(signal).catch(() => false);
  if (isOpen) log.warn({ remedy: 'run wgcni etcd setup' }, 'store.open');
}

function surroundings(): Surroundings {
  return { argv: process.argv.slice(2), env: process.env, hostname: hostname(), readFile: readConfigFile };
}

async function main(): Promise<number> {
  try {
    await run(readConfig(surroundings()));
    return 0;
  } catch (thrown) {
    const { stdout, stderr, status } = howItEnded(program.name, thrown);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    return status;
  }
}

void main().then((status) => process.exit(status));
