/** Nodes that come and go, one change at a time, whether or not the kernels have the last one yet. */
import { randomBytes } from 'node:crypto';
import type { ManagerClient, Registration } from '@wgcni/api';
import { systemClock } from '@wgcni/base';
import { keysOf } from '@wgcni/store';
import type { SeededRandom } from '../../../crash/random.ts';
import { registerBystander } from '../bystander.ts';
import type { RouteChange } from './lags.ts';

/** Between two changes, in milliseconds. */
const pause = { least: 400, most: 700 };

export interface ChurnDeps {
  client: ManagerClient;
  cluster: string;
  random: SeededRandom;
}

/**
 * So many changes of routes, in turn: a node registers; it is drained, releases its subnets and is deleted, or is deleted at once
 * with force. Draining it and deleting it without subnets change no route, and come in between.
 */
export async function churn(deps: ChurnDeps, changes: number): Promise<RouteChange[]> {
  const done: RouteChange[] = [];
  for (let number = 1; done.length < changes; number += 1) done.push(...(await comeAndGo(deps, number)));
  return done;
}

async function comeAndGo(deps: ChurnDeps, number: number): Promise<RouteChange[]> {
  const { client, cluster } = deps;
  const nodeId = `${cluster}-b${number}`;
  const instance = randomBytes(16).toString('hex');
  let subnets: Registration['subnets'] = [];
  const change = async (isRemoval: boolean, request: () => Promise<void>): Promise<RouteChange> => {
    const moments = await paced(deps, request);
    const destinations = subnets.map(({ cidr }) => cidr);
    if (destinations.length === 0) throw new Error(`${nodeId} was granted nothing`);
    return { key: keysOf(cluster).node(nodeId), destinations, isRemoval, ...moments };
  };
  const registers = await change(false, async () => {
    ({ subnets } = await registerBystander(client, nodeId, (number % 250) + 1, instance));
  });
  if (number % 2 === 0) return [registers, await change(true, () => client.deleteNode(nodeId, { force: true }))];
  await paced(deps, () => client.drain(nodeId));
  const grantIds = subnets.map(({ grantId }) => grantId);
  const releases = await change(true, () => client.release(nodeId, { instance, grantIds }));
  await paced(deps, () => client.deleteNode(nodeId, { force: true }));
  return [registers, releases];
}

/** The pause begins with the request: a slow answer does not stretch the churn. */
async function paced(
  { random }: ChurnDeps,
  request: () => Promise<unknown>,
): Promise<Pick<RouteChange, 'sentAtMs' | 'answeredAtMs'>> {
  const sentAtMs = Date.now();
  const answered = request().then(() => Date.now());
  const [answeredAtMs] = await Promise.all([answered, systemClock.sleep(random.between(pause.least, pause.most))]);
  return { sentAtMs, answeredAtMs };
}
