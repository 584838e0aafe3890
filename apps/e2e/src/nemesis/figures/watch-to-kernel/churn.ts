/** Nodes that come and go, one change at a time, whether or not the kernels have the last one yet. */
import { randomBytes } from 'node:crypto';
import type { ManagerClient, Registration } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import { keysOf } from '@wgcni/store';
import type { Lab } from '@wgcni/testing';
import type { SeededRandom } from '../../../crash/random.ts';
import { registerBystander } from '../bystander.ts';
import type { RouteChange } from './lags.ts';

/** Between two changes, in milliseconds. */
const pause = { least: 400, most: 700 };

/** Of each node that comes and goes: its routes come, and go. */
const changesOfANode = 2;

interface Turn {
  random: SeededRandom;
  number: number;
}

interface Clients {
  /** Who drains and deletes. */
  operator: ManagerClient;
  /** The node that comes and goes. */
  node: ManagerClient;
}

/**
 * So many changes of routes, in turn: a node registers; it is drained, releases its subnets and is deleted, or is deleted at once
 * with force. Draining it and deleting it without subnets change no route, and come in between.
 */
export async function churn(lab: Lab, random: SeededRandom, changes: number): Promise<RouteChange[]> {
  const operator = lab.managerClient();
  const ids = Array.from({ length: Math.ceil(changes / changesOfANode) }, (_, index) => nodeIdOf(lab, index + 1));
  // Before the first change: what makes certificates must not take the time of the nodes that are measured.
  const nodes = await Promise.all(ids.map((id) => lab.nodeCaller(id)));
  const done: RouteChange[] = [];
  for (const [index, node] of nodes.entries())
    done.push(...(await comeAndGo(lab, { operator, node }, { random, number: index + 1 })));
  await Promise.all([operator, ...nodes].map((client) => client.close()));
  return done;
}

function nodeIdOf({ plan }: Lab, number: number): string {
  return `${plan.cluster}-b${number}`;
}

async function comeAndGo(lab: Lab, { operator, node }: Clients, { random, number }: Turn): Promise<RouteChange[]> {
  const nodeId = nodeIdOf(lab, number);
  const instance = randomBytes(16).toString('hex');
  let subnets: Registration['subnets'] = [];
  const change = async (isRemoval: boolean, request: () => Promise<void>): Promise<RouteChange> => {
    const moments = await paced(random, request);
    const destinations = subnets.map(({ cidr }) => cidr);
    if (destinations.length === 0) throw new Error(`${nodeId} was granted nothing`);
    return { key: keysOf(lab.plan.cluster).node(nodeId), destinations, isRemoval, ...moments };
  };
  const registers = await change(false, async () => {
    ({ subnets } = await registerBystander(node, nodeId, (number % 250) + 1, instance));
  });
  if (number % 2 === 0) return [registers, await change(true, () => operator.deleteNode(nodeId, { force: true }))];
  await paced(random, () => operator.drain(nodeId));
  const grantIds = subnets.map(({ grantId }) => grantId);
  const releases = await change(true, () => node.release(nodeId, { instance, grantIds }));
  await paced(random, () => operator.deleteNode(nodeId, { force: true }));
  return [registers, releases];
}

/** The pause begins with the request: a slow answer does not stretch the churn. */
async function paced(
  random: SeededRandom,
  request: () => Promise<unknown>,
): Promise<Pick<RouteChange, 'sentAtMs' | 'answeredAtMs'>> {
  const sentAtMs = Date.now();
  const answered = request().then(() => Date.now());
  const [answeredAtMs] = await Promise.all([answered, systemClock.sleep(random.between(pause.least, pause.most))]);
  return { sentAtMs, answeredAtMs };
}
