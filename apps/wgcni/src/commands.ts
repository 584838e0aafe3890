/** What each subcommand does: one call or a few, then text or JSON. */
import { lifeShownBy } from '@wgcni/pki';
import { showAdvice } from './advice/advice.ts';
import { clusterAdvice } from './advice/cluster-advice.ts';
import { nodeAdvice } from './advice/node-advice.ts';
import type { Answer } from './answer.ts';
import { nodeTable, readClusterStatus, showClusterStatus } from './cluster-status.ts';
import { completed } from './earlier-status.ts';
import { attachmentTable, showNodeStatus } from './node-status.ts';
import { duration, table } from './table.ts';
import { isAboutCluster, withManager, withNode, type Targets } from './targets.ts';

/** The cluster when a manager is named and no node, else the node. */
export async function status(targets: Targets): Promise<Answer> {
  if (isAboutCluster(targets)) {
    const value = await withManager(targets, (client, credentials, named) =>
      readClusterStatus(client, credentials && ((url) => lifeShownBy(url, credentials)), named),
    );
    const advice = clusterAdvice(value);
    return { value: { ...value, advice }, text: `${showClusterStatus(value)}\n\n${showAdvice(advice)}` };
  }
  const value = await withNode(targets, async (client) => ({
    status: await client.status(),
    attachments: (await client.attachments()).items,
  }));
  const shown = completed(value.status);
  const advice = nodeAdvice(shown);
  const text = `${showNodeStatus(shown, value.attachments)}\n\n${showAdvice(advice)}`;
  return { value: { ...value, advice }, text };
}

export async function nodes(targets: Targets): Promise<Answer> {
  const value = await withManager(targets, (client) => client.nodes());
  return { value: value.items, text: nodeTable(value.items) };
}

export async function subnets(targets: Targets): Promise<Answer> {
  const { items } = await withManager(targets, (client) => client.subnets());
  const rows = items.map(({ cidr, pool, nodeId, state, silentSec }) => [
    cidr,
    pool,
    nodeId,
    state,
    duration(silentSec),
  ]);
  return { value: items, text: table(['subnet', 'pool', 'node', 'state', 'silent'], rows) };
}

export async function attachments(targets: Targets): Promise<Answer> {
  const { items } = await withNode(targets, (client) => client.attachments());
  return { value: items, text: attachmentTable(items) };
}

export async function deleteNode(targets: Targets, nodeId: string, force: boolean): Promise<Answer> {
  await withManager(targets, (client) => client.deleteNode(nodeId, { force }));
  const reserved = force
    ? '; its subnets stay reserved until it confirms that nothing uses them, or the hold-down ends'
    : '';
  return { value: { nodeId }, text: `${nodeId} left the mesh${reserved}` };
}

export async function forget(targets: Targets, nodeId: string): Promise<Answer> {
  await withManager(targets, (client) => client.forget(nodeId));
  return { value: { nodeId }, text: `${nodeId} is forgotten; its subnets rest and are then granted again` };
}

/** Its certificates are taken again; with --take-over its node-manager registers. */
export async function admit(targets: Targets, nodeId: string): Promise<Answer> {
  await withManager(targets, (client) => client.admit(nodeId));
  return { value: { nodeId }, text: `${nodeId} may come back: start its node-manager with --take-over` };
}
