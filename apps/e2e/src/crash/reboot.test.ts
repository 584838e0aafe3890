/**
 * The machine goes down and comes back: namespaces, devices and processes are gone, files stay, the boot id is another.
 *
 *   before: c1 c2 c3 ── n1        after: c1 (added again) c2 (its DEL had waited) c3 (never heard of again) ── n1
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  addContainerNetns,
  callPlugin,
  planContainer,
  removeNetns,
  until,
  wireguardDevices,
  type ContainerPlan,
  type NodePlan,
  type PluginCall,
} from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { hostState } from '../conformance/host-state.ts';
import { inside } from '../inside.ts';
import { bringUp, type Scenario } from '../scenario.ts';
import { audit, readHoldings } from './node-audit.ts';

let scene: Scenario;
let node: NodePlan;
beforeAll(async () => {
  scene = await bringUp({ nodes: 1, containersPerNode: 0, managers: 1, etcd: 1 });
  const [first] = scene.lab.plan.nodes;
  if (first === undefined) throw new Error('the lab has no node');
  node = first;
});
afterAll(() => scene.lab.down());

const call = async (command: PluginCall['command'], container?: ContainerPlan, config = {}): Promise<string> => {
  const about = container === undefined ? {} : { container };
  const answer = await callPlugin(scene.lab.programs.plugin, { command, node, ...about, config });
  expect(answer.exitCode, `${command}: ${answer.stdout}${answer.stderr}`).toBe(0);
  return answer.stdout;
};

/** Everything that a power cut takes: processes, devices, namespaces; the node's own comes back empty. */
async function powerCut(containers: readonly ContainerPlan[]): Promise<void> {
  scene.lab.process(node.id).kill('SIGKILL');
  await scene.lab.process(node.id).ended(5_000);
  for (const device of await wireguardDevices(node.netnsPath))
    await execa('pkill', ['-KILL', '-f', `^wireguard-go -f ${device}$`]);
  await until(5_000, 'the end of every device', async () =>
    (await wireguardDevices(node.netnsPath)).length === 0 ? true : new Error('some live'),
  );
  for (const { netns } of containers) await removeNetns(netns);
  // A namespace is taken apart after its name is gone; its end of the pair would still hold the other's name.
  await inside(node.netnsPath, ['ip', 'link', 'delete', 'eth0']);
  await removeNetns(node.netns);
  await scene.lab.addNode(node);
}

it('after a reboot a container is added again under its old key, a waiting DEL is obeyed, and one GC frees the rest', async () => {
  const [again, deleted, silent] = [1, 2, 3].map((n) => planContainer(scene.lab.plan.name, 1, n)) as [
    ContainerPlan,
    ContainerPlan,
    ContainerPlan,
  ];
  for (const container of [again, deleted, silent]) {
    await addContainerNetns(container);
    await call('ADD', container);
  }
  const host = await hostState(node.netnsPath);
  await scene.lab.process(node.id).stop();
  // The node-manager is away already when this container goes.
  await call('DEL', deleted);
  await powerCut([again, deleted, silent]);
  const bootId = join(scene.lab.plan.dir, 'boot-id');
  await writeFile(bootId, 'b00714d0-0000-4000-8000-000000000000\n');
  scene.lab.startNodeInBoot(node, bootId);
  await scene.lab.nodeReady(node);

  await addContainerNetns(again);
  const prevResult = JSON.parse(await call('ADD', again)) as object;
  await call('CHECK', again, { prevResult });
  const valid = [{ containerID: again.id, ifname: 'eth0' }];
  await call('GC', undefined, { cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid });
  const holdings = await readHoldings(scene.lab, node, [again]);
  expect(holdings.attachments.map(({ containerId }) => containerId)).toEqual([again.id]);
  expect(audit(holdings, host)).toEqual([]);
  await call('DEL', again);
  expect(audit(await readHoldings(scene.lab, node, []), host)).toEqual([]);
});
