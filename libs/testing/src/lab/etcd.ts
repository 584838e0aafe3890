/** The lab's etcd members: Debian's etcd as processes of the lab. */
import { join } from 'node:path';
import { systemClock } from '@wgcni/base';
import { execa } from 'execa';
import { etcdctlFiles, etcdctlFlags, memberFlags } from './credentials.ts';
import { inItsNamespace, type EtcdPlan, type LabPlan } from './plan.ts';
import type { LabProcess } from './process.ts';
import { startProcess } from './process.ts';
import type { Programs } from './programs.ts';

export interface EtcdStart {
  /** `existing` for a member that comes back; `new` makes a cluster. */
  state?: 'new' | 'existing';
}

/** Starts one member; its data directory is kept when it has one. */
export function startEtcd(program: string, plan: LabPlan, member: EtcdPlan, start: EtcdStart = {}): LabProcess {
  const argv: [string, ...string[]] = [
    program,
    ...['--name', member.name, '--data-dir', member.dataDir],
    ...['--listen-client-urls', member.clientUrl, '--advertise-client-urls', member.clientUrl],
    ...['--listen-peer-urls', member.peerUrl, '--initial-advertise-peer-urls', member.peerUrl],
    ...['--initial-cluster', plan.etcd.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')],
    ...['--initial-cluster-state', start.state ?? 'new', '--initial-cluster-token', plan.name],
    ...['--heartbeat-interval', '100', '--election-timeout', '1000'],
    // etcd forgets nothing by itself.
    ...['--auto-compaction-mode', 'periodic', '--auto-compaction-retention', '1h'],
    ...['--logger', 'zap', '--log-level', 'warn'],
    ...memberFlags(plan, member.name),
  ];
  return startProcess({ name: member.name, argv, log: member.log, ...inItsNamespace(member) });
}

/** Waits until every member answers as healthy. */
export async function waitForEtcd(etcdctl: string, plan: LabPlan, timeoutMs = 30_000): Promise<void> {
  const until = systemClock.monotonicMs() + timeoutMs;
  const endpoints = plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
  for (;;) {
    const { exitCode, stderr } = await etcd(
      etcdctl,
      [...etcdctlFlags(plan), '--endpoints', endpoints, '--command-timeout=2s', 'endpoint', 'health'],
      false,
    );
    if (exitCode === 0) return;
    if (systemClock.monotonicMs() > until) throw new Error(`etcd is not healthy after ${timeoutMs} ms: ${stderr}`);
    await systemClock.sleep(200);
  }
}

/** Saves a snapshot as an operator does, by `deploy/etcd/backup.sh`; resolves with its path. */
export async function saveSnapshot({ backup }: Programs, plan: LabPlan): Promise<string> {
  const { cert, key, ca } = etcdctlFiles(plan);
  const { stdout } = await execa(backup, [join(plan.dir, 'backups')], {
    env: {
      ETCDCTL_ENDPOINTS: plan.etcd.map(({ clientUrl }) => clientUrl).join(','),
      ...{ ETCDCTL_CACERT: ca, ETCDCTL_CERT: cert, ETCDCTL_KEY: key },
    },
  });
  return stdout;
}

/** Makes the stopped members' data directories anew from a snapshot, by `deploy/etcd/restore.sh`. */
export async function restoreSnapshot({ restore }: Programs, plan: LabPlan, path: string): Promise<void> {
  const members = plan.etcd.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  for (const { name, dataDir } of plan.etcd) await execa(restore, [path, name, dataDir, members, plan.name]);
}

/** The values under a prefix, as etcd itself has them at this moment (linearizable). */
export async function readPrefix(etcdctl: string, plan: LabPlan, prefix: string): Promise<string[]> {
  const endpoints = plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
  const args = ['--endpoints', endpoints, 'get', '--prefix', prefix, '--print-value-only'];
  const { stdout } = await etcd(etcdctl, [...etcdctlFlags(plan), ...args]);
  return stdout.split('\n').filter((line) => line !== '');
}

function etcd(
  etcdctl: string,
  args: string[],
  reject = true,
): Promise<{ exitCode?: number | undefined; stderr: string; stdout: string }> {
  return execa(etcdctl, args, { env: { ETCDCTL_API: '3' }, reject });
}
