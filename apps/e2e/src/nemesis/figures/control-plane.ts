/** Everything that manages killed at one blow, brought back, and waited for until the nodes agree with it. */
import { systemClock } from '@wgcni/base';
import { until, type Lab, type NodePlan } from '@wgcni/testing';
import { readLog } from './log-lines.ts';

const endMs = 5_000;
const patienceMs = 60_000;

/** SIGKILLs every cluster-manager and every etcd member; resolves when none is left. */
export async function killControlPlane(lab: Lab): Promise<void> {
  for (const name of namesOf(lab)) lab.process(name).kill('SIGKILL');
  for (const name of namesOf(lab))
    if (!(await lab.process(name).ended(endMs))) throw new Error(`${name} outlives SIGKILL`);
}

/** Whether none of them runs. */
export function isControlPlaneGone(lab: Lab): boolean {
  return !namesOf(lab).some((name) => lab.isRunning(name));
}

/** Starts all of it with the data that it has, and waits for a leader of this life; the key of the last one may still stand. */
export async function startControlPlane(lab: Lab): Promise<void> {
  const startedAtMs = systemClock.wallMs();
  await lab.startAllEtcd({ state: 'existing' });
  await lab.startAllManagers();
  await leaderElectedSince(lab, startedAtMs);
}

/** Waits for a replica that says in its log that it was elected after `atMs`, in Unix milliseconds. */
export async function leaderElectedSince({ plan }: Lab, atMs: number): Promise<void> {
  await until(patienceMs, 'an elected leader', async () => {
    const lines = (await Promise.all(plan.managers.map(({ log }) => readLog(log)))).flat();
    return lines.some(({ msg, time }) => msg === 'leader.elected' && time >= atMs) || new Error('nobody was elected');
  });
}

/** Waits until every node is registered, works from what etcd says, and has nothing else in its kernel; resolves with the time that took. */
export async function nodesAgree(lab: Lab): Promise<number> {
  const startedAt = systemClock.monotonicMs();
  await Promise.all(lab.plan.nodes.map((node) => nodeAgrees(lab, node)));
  return systemClock.monotonicMs() - startedAt;
}

async function nodeAgrees(lab: Lab, node: NodePlan): Promise<void> {
  await lab.nodeStatusWhere(
    node,
    ({ readiness, isRegistered, isViewStored, drift, peers, attachments }) =>
      readiness === 'ready' &&
      isRegistered &&
      !isViewStored &&
      drift.length === 0 &&
      peers.length === lab.plan.nodes.length - 1 &&
      peers.every(({ state }) => state === 'programmed') &&
      attachments.total === node.containers.length &&
      attachments.orphaned === 0 &&
      attachments.adopted === 0,
    patienceMs,
  );
}

function namesOf({ plan }: Lab): string[] {
  return [...plan.managers.map(({ id }) => id), ...plan.etcd.map(({ name }) => name)];
}
