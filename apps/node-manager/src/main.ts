/** The node-manager's process: configuration in, adapters opened, one node run until SIGTERM. */
import { type Log, systemClock, systemRandom } from '@wgcni/base';
import { EtcdStore } from '@wgcni/store';
import { hostname } from 'node:os';
import { pino } from 'pino';
import { type Config, readConfig } from './config.ts';
import { hasJoined } from './credentials/joined-files.ts';
import { openNodeCredentials } from './credentials/open-node-credentials.ts';
import { claimDataDirectory } from './data-directory/claim.ts';
import { howItEnded, logWarnings, readConfigFile, reloader } from '@wgcni/api/server';
import { program } from './flags.ts';
import { LiveConfig } from './live-config.ts';
import { runNode } from './node.ts';
import { openHostPorts } from './open-host-ports.ts';
import { refuseSharedTree } from './data-directory/custody.ts';
import { ownRunDirectory, refuseAnswered } from './serve/unix-socket.ts';
import { tearDown } from './teardown/tear-down.ts';

async function main(): Promise<void> {
  const read = () => {
    const argv = process.argv.slice(2);
    return readConfig({ argv, env: process.env, hostname: hostname(), readFile: readConfigFile }, hasJoined);
  };
  const { config, said } = read();
  const log = pino(
    { level: config.logLevel, base: { nodeId: config.nodeId } },
    pino.destination({ dest: 2, sync: true }),
  );
  logWarnings(log);
  const live = new LiveConfig(config);
  live.onChange(() => (log.level = config.logLevel));
  process.on('SIGHUP', reloader({ program, read, take: (next, changed) => live.take(next, changed), log }, said));
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort(new Error(name)));
  await refuseAnswered(config.socket);
  // FENCE: before anything is read or emptied. One that starts does not answer on its socket yet.
  const lock = await claimDataDirectory(config.dataDir);
  await Promise.race([runOrTearDown(config, live, log, stop.signal), lock.lost]);
}

async function runOrTearDown(config: Config, live: LiveConfig, log: Log, signal: AbortSignal): Promise<void> {
  // FENCE: who may write into the queue deletes attachments; who may enter the socket's directory may call everything.
  await refuseSharedTree(config.queueDir, '--queue-dir');
  await ownRunDirectory(config.socket);
  if (config.teardown) return tearDown(config, await openHostPorts(config, log));
  const credentials = await openNodeCredentials(config, { clock: systemClock, random: systemRandom, log }, signal);
  const host = await openHostPorts(config, log);
  const store = new EtcdStore({ urls: config.etcd, credentials: credentials.etcd });
  const { manager, keeper: certificates, tls, etcd } = credentials;
  const ports = { ...host, store, manager, live, credentials: tls, etcdCredentials: etcd, certificates };
  // The keeper ends with an error only when the signal aborts.
  await Promise.all([runNode(config, ports, signal), certificates?.run(signal).catch(() => undefined)]);
  await credentials.ended;
  log.info({}, 'node.stopped');
}

main().then(
  // What is still open (etcd, keep-alive connections) must not hold the process.
  () => process.exit(0),
  (error: unknown) => {
    const { stdout, stderr, status } = howItEnded(program.name, error);
    process.stdout.write(stdout);
    process.stderr.write(stderr);
    process.exit(status);
  },
);
