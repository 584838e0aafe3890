/** Makes nodes' keys through the product: the node-manager started on an empty data directory, and killed once its key files stand. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { authorityPaths, type Lab, type NodePlan, planLab, tokenFile, until } from '@wgcni/testing';
import type { KnownKeys } from './known-keys.ts';

const roles = ['mesh', 'pods'];

/** Learns what nodes joined with: the keys of their certificates, and the secrets of their tokens. How many. */
export async function learnCredentials({ plan }: Lab, nodes: readonly NodePlan[], secrets: KnownKeys): Promise<number> {
  for (const { id, dataDir } of nodes) {
    const directory = join(dataDir, 'credentials');
    const current = (await readFile(join(directory, 'current'), 'utf8')).trim();
    if (!secrets.learnPem(await readFile(join(directory, `${current}.key.pem`), 'utf8')))
      throw new Error(`${id} has no key of its own`);
    if (!secrets.learnToken(await readFile(tokenFile(plan, id), 'utf8')))
      throw new Error(`${id} has no token of its own`);
  }
  secrets.learnPem(await readFile(authorityPaths(plan).key, 'utf8'));
  return secrets.size;
}

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
        await lab.writeToken(node.id);
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
