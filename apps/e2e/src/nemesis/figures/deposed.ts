/** A leader with writes in flight is stopped until it is deposed, and goes on: what of its writes is accepted? */
import { Dialer } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import { keysOf, NodeRecord, decodeRecord } from '@wgcni/store';
import { until, type ManagerPlan } from '@wgcni/testing';
import { request } from 'undici';
import type { Scenario } from '../../scenario.ts';
import { cut } from '../nemeses/cut.ts';
import type { Arena } from '../nemeses/nemesis.ts';
import { addBystander } from './bystander.ts';
import type { Figure } from './figure.ts';
import { readLog } from './log-lines.ts';

/** Writes of one round. */
const writesAtOnce = 10;
/** A packet that was dropped is sent again by the kernel after a time that doubles: etcd gets it while its sender still stands. */
const retransmissionMs = 4_000;
/** Longer than the leader is stopped. */
const answerMs = 60_000;

interface DeposedCount {
  sent: number;
  /** Committed before the pause, while it led. */
  before: number;
  refused: number;
  /** Of the refused, those that it had taken upon itself and refused itself, by its log. */
  refusedItself: number;
  /** Read by the deposed leader only after the pause, and passed on to the new one, which did it. */
  forwarded: number;
  /** Committed by the deposed leader after another one led. */
  accepted: number;
}

/** Rounds of ten writes: the last words of a leader, held back by the network in every other round, and read from etcd afterwards. */
export async function measureDeposed(scene: Scenario, arena: Omit<Arena, 'random'>, rounds: number): Promise<Figure[]> {
  const total: DeposedCount = { sent: 0, before: 0, refused: 0, refusedItself: 0, forwarded: 0, accepted: 0 };
  for (let round = 0; round < rounds; round += 1) {
    const count = await deposeOnce(scene, arena, round);
    for (const key of Object.keys(total) as (keyof DeposedCount)[]) total[key] += count[key];
  }
  const { sent, before, refused, refusedItself, forwarded, accepted } = total;
  return [
    {
      name: 'writes accepted from a deposed leader that was paused and resumed',
      value: `${accepted} of ${refused + accepted} (sent ${sent}: committed before ${before}, passed on to the new leader ${forwarded}, refused by itself after it had begun ${refusedItself})`,
      isKept: accepted === 0 && refused >= Math.min(50, (rounds * writesAtOnce) / 2),
    },
  ];
}

async function deposeOnce({ lab }: Scenario, arena: Omit<Arena, 'random'>, round: number): Promise<DeposedCount> {
  const nodeIds = Array.from({ length: writesAtOnce }, (_, index) => `${lab.plan.cluster}-b${round}-${index}`);
  for (const [index, nodeId] of nodeIds.entries()) await addBystander(lab, nodeId, index + 1);
  const leader = await leadingPlan(lab.plan.managers, arena);
  const termBefore = await termOf(lab.plan.cluster, arena);
  const dialer = new Dialer({ connectTimeoutMs: 1_000, answerTimeoutMs: answerMs }, lab.operator);
  // A handshake would take longer than the leader has in some rounds: each write has a connection that stands.
  await Promise.all(nodeIds.map(() => send(dialer, 'GET', `${leader.url}/v1/leader`)));
  // In every other round the transaction is on its way when the leader stops, and arrives when another one leads.
  const isHeldBack = round % 2 === 0;
  const from = lab.plan.etcd.map(({ address }) => address);
  const mend = isHeldBack ? await cut([{ netnsPath: leader.netnsPath ?? '', from }]) : undefined;
  const answers = nodeIds.map((nodeId) => send(dialer, 'PUT', `${leader.url}/v1/nodes/${nodeId}/drain`));
  await systemClock.sleep(isHeldBack ? 150 : round % 5);
  lab.process(leader.id).kill('SIGSTOP');
  const newTerm = await until(30_000, 'another leader', async () => {
    const term = await termOf(lab.plan.cluster, arena);
    return term > termBefore ? term : new Error('the same leader');
  });
  await mend?.();
  await systemClock.sleep(isHeldBack ? retransmissionMs : 500);
  lab.process(leader.id).kill('SIGCONT');
  await Promise.all(answers);
  await dialer.close();
  await systemClock.sleep(500);
  return count(arena, { cluster: lab.plan.cluster, nodeIds, leader, newTerm });
}

/** Resolves when it is answered, or will never be. */
async function send(dialer: Dialer, method: 'GET' | 'PUT', url: string): Promise<void> {
  const answer = await request(url, { method, dispatcher: dialer.agent }).catch(() => undefined);
  await answer?.body.dump();
}

async function count(
  { etcd }: Omit<Arena, 'random'>,
  { cluster, nodeIds, leader, newTerm }: { cluster: string; nodeIds: string[]; leader: ManagerPlan; newTerm: number },
): Promise<DeposedCount> {
  const said = await readLog(leader.log);
  const found: DeposedCount = {
    sent: nodeIds.length,
    before: 0,
    refused: 0,
    refusedItself: 0,
    forwarded: 0,
    accepted: 0,
  };
  for (const nodeId of nodeIds) {
    const { item } = await etcd.store.get(keysOf(cluster).node(nodeId));
    const decoded = item === undefined ? undefined : decodeRecord(NodeRecord, item);
    if (decoded?.kind !== 'record') throw new Error(`${nodeId} has no record`);
    const own = said.find(({ msg, url }) => msg === 'audit.drainNode' && url?.includes(`/${nodeId}/`));
    const isDone = decoded.record.draining;
    const isLate = isDone && decoded.modRevision > newTerm;
    if (isDone && !isLate) found.before += 1;
    // The deposed leader writes a line of its own about each write that it took upon itself.
    else if (isLate) found[own === undefined ? 'forwarded' : 'accepted'] += 1;
    else {
      found.refused += 1;
      if (own?.refused !== undefined) found.refusedItself += 1;
    }
  }
  return found;
}

async function leadingPlan(managers: readonly ManagerPlan[], arena: Omit<Arena, 'random'>): Promise<ManagerPlan> {
  const id = await arena.leader();
  const found = managers.find((each) => each.id === id);
  if (found === undefined) throw new Error(`${id} is none of this lab's managers`);
  return found;
}

/** The create-revision of the leader key; 0 when nobody leads. */
async function termOf(cluster: string, { etcd }: Omit<Arena, 'random'>): Promise<number> {
  return (await etcd.store.get(keysOf(cluster).leader)).item?.createRevision ?? 0;
}
