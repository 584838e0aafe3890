/** The lab's etcd members: Debian's etcd as processes of the lab. */
import { rm } from 'node:fs/promises';
import { systemClock } from '@wgcni/base';
import { execa } from 'execa';
import { etcdctlFlags, memberFlags } from './credentials.ts';
import { inItsNamespace, type EtcdPlan, type LabPlan } from './plan.ts';
import type { LabProcess } from './process.ts';
import { startProcess } from './process.ts';

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

/** Saves a snapshot of one member to `path`. */
export async function saveSnapshot(etcdctl: string, plan: LabPlan, path: string): Promise<void> {
  const endpoint = plan.etcd[0]?.clientUrl ?? '';
  await etcd(etcdctl, [...etcdctlFlags(plan), '--endpoints', endpoint, 'snapshot', 'save', path]);
}

/** Makes the stopped members' data directories anew from a snapshot: etcd's own way to restore a cluster. */
export async function restoreSnapshot(etcdctl: string, plan: LabPlan, path: string): Promise<void> {
  for (const member of plan.etcd) {
    await rm(member.dataDir, { recursive: true, force: true });
    await etcd(etcdctl, [
      ...['snapshot', 'restore', path, '--name', member.name, '--data-dir', member.dataDir],
      ...['--initial-cluster', plan.etcd.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',')],
      ...['--initial-advertise-peer-urls', member.peerUrl, '--initial-cluster-token', plan.name],
    ]);
  }
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
