/** ADD and DEL one after the other, as one runtime calls them, each timed and each looked at. */
import {
  addContainerNetns,
  callPlugin,
  ping,
  planContainer,
  removeNetns,
  type NodePlan,
  type PluginAnswer,
} from '@wgcni/testing';
import type { Scenario } from '../../scenario.ts';
import { failureOf, readAddition } from './call-answer.ts';

export interface Call {
  command: 'ADD' | 'DEL';
  /** From the start of the plugin's process to its end. */
  durationMs: number;
  /** What was wrong with it or with what it left; absent: it succeeded. */
  failure?: string;
}

/** How many containers live at a time, with addresses that must differ. */
const batchSize = 10;

/**
 * So many containers come to a node and go again, ten at a time. The last of each ten is pinged from another node; namespaces are made
 * and removed outside of what is timed.
 */
export async function addAndDelete(scene: Scenario, node: NodePlan, pairs: number): Promise<Call[]> {
  const calls: Call[] = [];
  for (let first = 0; first < pairs; first += batchSize)
    calls.push(...(await comeAndGo(scene, node, Math.min(batchSize, pairs - first))));
  return calls;
}

/** Those of one command that succeeded, in milliseconds each. */
export function succeededMs(calls: readonly Call[], command: Call['command']): number[] {
  return calls.flatMap((call) => (call.command === command && call.failure === undefined ? [call.durationMs] : []));
}

async function comeAndGo(scene: Scenario, node: NodePlan, count: number): Promise<Call[]> {
  const { lab, places } = scene;
  const number = lab.plan.nodes.indexOf(node) + 1;
  const comers = Array.from({ length: count }, (_, index) => planContainer(lab.plan.name, number, 100 + index));
  for (const comer of comers) await addContainerNetns(comer);
  const held = new Set(places.flatMap(({ addresses }) => addresses));
  const calls: Call[] = [];
  for (const container of comers) {
    const answer = await callPlugin(lab.programs.plugin, { command: 'ADD', node, container });
    const { addresses, failure } = readAddition(answer, held);
    const isLast = container === comers.at(-1);
    calls.push(told('ADD', answer, failure ?? (isLast ? await unreached(scene, node, addresses) : undefined)));
  }
  const deletions = new Map<string, Call>();
  for (const container of comers) {
    const answer = await callPlugin(lab.programs.plugin, { command: 'DEL', node, container });
    deletions.set(container.id, told('DEL', answer, failureOf(answer)));
  }
  await noteLeftOvers(scene, node, deletions);
  for (const { netns } of comers) await removeNetns(netns);
  return [...calls, ...deletions.values()];
}

function told(command: Call['command'], { durationMs }: PluginAnswer, failure: string | undefined): Call {
  return { command, durationMs, ...(failure === undefined ? {} : { failure }) };
}

async function unreached(
  { places }: Scenario,
  node: NodePlan,
  addresses: readonly string[],
): Promise<string | undefined> {
  const from = places.find(({ nodeId }) => nodeId !== node.id);
  if (from === undefined) throw new Error('no container stands on another node');
  for (const address of addresses)
    if ((await ping(from.netnsPath, address, { count: 1 })) === undefined)
      return `${address} does not answer ${from.id}`;
  return undefined;
}

/** A DEL after which its container is still attached has not succeeded, whatever it said. */
async function noteLeftOvers({ lab }: Scenario, node: NodePlan, deletions: ReadonlyMap<string, Call>): Promise<void> {
  const client = lab.nodeClient(node);
  try {
    for (const { containerId } of (await client.attachments()).items) {
      const deletion = deletions.get(containerId);
      if (deletion !== undefined) deletion.failure ??= `${containerId} is still attached`;
    }
  } finally {
    await client.close();
  }
}
