/** Makes nodes' keys through the product: the node-manager started on an empty data directory, and killed once its key files stand. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Lab, type NodePlan, planLab, until } from '@wgcni/testing';
import type { KnownKeys } from './known-keys.ts';

const roles = ['mesh', 'pods'];

/** Where these nodes' files are: a node of the plan for each, beyond those of the lab, all in the namespace of its last. */
export function spareNodes({ plan }: Lab, count: number): NodePlan[] {
  const last = plan.nodes.at(-1);
  if (last === undefined) throw new Error('the lab has no node');
  const { nodes } = planLab(plan.name, { nodes: plan.nodes.length + count });
  return nodes.slice(plan.nodes.length).map((node) => ({ ...node, netns: last.netns, netnsPath: last.netnsPath }));
}

/** Starts the node-manager once for each, one after the other in each of two rows; two keys come of it. */
export async function makeNodeKeys(
  lab: Lab,
  nodes: readonly NodePlan[],
  keys: KnownKeys,
  env: Record<string, string>,
): Promise<void> {
  const rows = [nodes.filter((_, index) => index % 2 === 0), nodes.filter((_, index) => index % 2 === 1)];
  await Promise.all(
    rows.map(async (row) => {
      for (const node of row) {
        await lab.authority.issueNode(node.id);
        const started = lab.startNode(node, [], env);
        const paths = roles.map((role) => join(node.dataDir, 'keys', role));
        await until(30_000, `the keys of ${node.id} (see ${node.log})`, async () => {
          await Promise.all(paths.map((path) => access(path)));
          return true;
        });
        started.kill('SIGKILL');
        await started.ended(5_000);
        for (const path of paths)
          if (!keys.learn(await readFile(path, 'utf8'))) throw new Error(`${path} holds no new key`);
      }
    }),
  );
}
