/** How long it takes until every node is as etcd's records want it. */
import { decodeRecord, keysOf, NodeRecord, type Store } from '@wgcni/store';
import { messageOf, systemClock } from '@wgcni/base';
import { wireguardDevices, type Lab, type NodePlan } from '@wgcni/testing';
import { execa } from 'execa';
import { inside } from '../../inside.ts';
import { differencesOf, type Observed } from './agreement.ts';

export interface Convergence {
  /** Null when the patience was over first. */
  convergedMs: number | null;
  /** What the last reading before the agreeing one found. */
  differences: string[];
}

const everyMs = 200;
/** A status takes some processes' starts: on a machine that is busy, seconds. */
const readTimeoutMs = 5_000;

export interface Patience {
  patienceMs: number;
  /** For so long no difference may be seen before that counts as agreement. */
  steadyMs: number;
}

/** Reads again and again until all agree; time counts from the call to the beginning of the first reading of the steady time. */
export async function converge(lab: Lab, store: Store, { patienceMs, steadyMs }: Patience): Promise<Convergence> {
  const startedAt = systemClock.monotonicMs();
  let agreedAt: number | undefined;
  for (let before: string[] = []; ;) {
    const readAt = systemClock.monotonicMs();
    const differences = await readDifferences(lab, store).catch((error: unknown) => [messageOf(error)]);
    agreedAt = differences.length === 0 ? (agreedAt ?? readAt) : undefined;
    if (differences.length > 0) before = differences;
    if (agreedAt !== undefined && readAt - agreedAt >= steadyMs)
      return { convergedMs: agreedAt - startedAt, differences: before };
    if (agreedAt === undefined && readAt - startedAt > patienceMs) return { convergedMs: null, differences: before };
    await systemClock.sleep(everyMs);
  }
}

async function readDifferences(lab: Lab, store: Store): Promise<string[]> {
  const { items } = await store.range(keysOf(lab.plan.cluster).nodes, { signal: AbortSignal.timeout(readTimeoutMs) });
  const records = items.flatMap((item) => {
    const decoded = decodeRecord(NodeRecord, item);
    return decoded.kind === 'record' ? [decoded.record] : [];
  });
  const found = await Promise.all(
    lab.plan.nodes.map(async (node) => {
      const observed = await observe(lab, node).catch((error: unknown) => `${node.id}: ${messageOf(error)}`);
      return typeof observed === 'string' ? [observed] : differencesOf(records, observed);
    }),
  );
  return found.flat();
}

async function observe(lab: Lab, node: NodePlan): Promise<Observed> {
  const client = lab.nodeClient(node);
  try {
    const [status, peers, v4, v6] = await Promise.all([
      client.status(AbortSignal.timeout(readTimeoutMs)),
      readPeers(node),
      readRoutes(node, '-4'),
      readRoutes(node, '-6'),
    ]);
    return { status, peers, routes: [...v4, ...v6] };
  } finally {
    await client.close();
  }
}

/** From the device itself, by `wg`: what the node-manager says of it is not believed. */
async function readPeers(node: NodePlan): Promise<Map<string, string[]>> {
  const devices = await wireguardDevices(node.netnsPath);
  const dumps = await Promise.all(devices.map((device) => execa('wg', ['show', device, 'dump'], { reject: false })));
  const mesh = dumps.map(({ stdout }) => stdout.split('\n')).find(([first = '']) => first.split('\t')[2] === '51820');
  if (mesh === undefined) throw new Error('no mesh device');
  return new Map(
    mesh.slice(1).map((line) => {
      const [publicKey = '', , , allowed = ''] = line.split('\t');
      return [publicKey, allowed === '(none)' ? [] : allowed.split(',')];
    }),
  );
}

async function readRoutes({ netnsPath }: NodePlan, family: '-4' | '-6'): Promise<string[]> {
  const { stdout } = await inside(netnsPath, [
    'ip',
    family,
    '-json',
    'route',
    'show',
    'dev',
    'wgcni-mesh',
    'proto',
    '87',
  ]);
  return (JSON.parse(stdout || '[]') as { dst: string }[]).map(({ dst }) => dst);
}
