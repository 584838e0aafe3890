/** One node whose containers are to be each other's direct peers, in a subnet so small that addresses are used again. */
import type { NodePlan } from '@wgcni/testing';
import { execa } from 'execa';
import { bringUp, type Scenario } from '../scenario.ts';

export interface DirectScene {
  scene: Scenario;
  node: NodePlan;
}

/** Brings it up and switches direct peers on. The caller calls `scene.lab.down()` in any case. */
export async function bringUpDirect(): Promise<DirectScene> {
  const pools = ['10.64.0.0/16:27', 'fd64::/48:64'];
  const scene = await bringUp({ nodes: 1, containersPerNode: 0, managers: 1, etcd: 1, pools });
  const [node] = scene.lab.plan.nodes;
  if (node === undefined) throw new Error('the lab has no node');
  const client = scene.lab.managerClient();
  try {
    await client.setNetwork({ direct: 'node' });
  } finally {
    await client.close();
  }
  return { scene, node };
}

/** Packets that the node's device for its containers has received since it was made. */
export async function podsPackets({ netnsPath }: NodePlan): Promise<number> {
  const argv = [`--net=${netnsPath}`, 'ip', '-j', '-s', 'link', 'show', 'dev', 'wgcni-pods'];
  const { stdout } = await execa('nsenter', argv);
  const [link] = JSON.parse(stdout) as { stats64: { rx: { packets: number } } }[];
  return link?.stats64.rx.packets ?? 0;
}
