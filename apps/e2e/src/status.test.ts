/**
 * STATUS of a real node in each state in which it takes no containers: 50, by its reason, and an ADD fails just then. What `wgcni doctor` says
 * on a node that is well, and on one whose cluster-manager is gone.
 *
 *   etcd ×1, cluster-manager ×1 ── bridge ── n1 (fenced in the end)
 *                                    ├────── n2: its host uses the pool
 *                                    ├────── n3: deleted
 *                                    └────── n4: started when nobody registers nodes any more
 */
import { join } from 'node:path';
import {
  addContainerNetns,
  callPlugin,
  planContainer,
  planLab,
  type NodePlan,
  type PluginCall,
  processFlags,
} from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inside } from './inside.ts';
import { bringUp, type Scenario } from './scenario.ts';

/** Without contact a node is fenced after two thirds of it. */
const holdDown = '15s';
const unavailable = 50;
const tryAgain = 11;

describe('STATUS', () => {
  let scene: Scenario;
  let nodes: NodePlan[];
  beforeAll(async () => {
    const managerFlags = ['--registration-ttl', '6s', '--hold-down', holdDown];
    scene = await bringUp({ nodes: 1, containersPerNode: 0, managers: 1, etcd: 1 }, { managerFlags });
    nodes = planLab(scene.lab.plan.name, { nodes: 4 }).nodes;
  });
  afterAll(() => scene.lab.down());

  const nodeAt = (index: number): NodePlan => {
    const node = nodes[index - 1];
    if (node === undefined) throw new Error(`the plan has no node ${index}`);
    return node;
  };
  const call = async (command: PluginCall['command'], node: NodePlan): Promise<[number, unknown]> => {
    const container = planContainer(scene.lab.plan.name, nodes.indexOf(node) + 1, 1);
    if (command === 'ADD') await addContainerNetns(container);
    const config = { cniVersion: '1.1.0' };
    const { exitCode, stdout } = await callPlugin(scene.lab.programs.plugin, { command, node, container, config });
    return [exitCode, JSON.parse(stdout)];
  };
  /** STATUS says 50 and why; an ADD at this moment fails. */
  const isUnavailable = async (node: NodePlan, why: RegExp, addCode = unavailable): Promise<void> => {
    const [exitCode, error] = await call('STATUS', node);
    expect([exitCode, error]).toMatchObject([1, { code: unavailable }]);
    const { msg, details } = error as { msg: string; details: string };
    expect(`${msg} ${details}`).toMatch(why);
    expect(await call('ADD', node)).toMatchObject([1, { code: addCode }]);
  };

  /** What it finds, as `state check: said`, and its status. */
  const doctor = async (node: NodePlan): Promise<[number | undefined, string[]]> => {
    const { plan, programs } = scene.lab;
    const etcd = plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
    // As the node itself, which is nobody's person.
    const managers = plan.managers.map(({ url }) => url).join(',');
    const where = ['--json', '--manager', managers, ...processFlags(plan, node.id), '--socket', node.socket];
    const argv = [
      programs.wgcni,
      ...where,
      'doctor',
      '--data-dir',
      node.dataDir,
      '--etcd',
      etcd,
      '--conf-dir',
      join(plan.dir, 'no-runtime'),
    ];
    const { exitCode, stdout } = await execa('nsenter', [`--net=${node.netnsPath}`, ...argv], { reject: false });
    const found = JSON.parse(stdout) as { check: string; state: string; said: string }[];
    return [exitCode, found.map(({ check, state, said }) => `${state} ${check}: ${said}`)];
  };

  it('is not asked for where the doctor finds a node well', async () => {
    const [status, found] = await doctor(nodeAt(1));
    expect([status, found.filter((line) => line.startsWith('fault'))]).toEqual([0, []]);
    expect(found).toContain('ok UDP ports: 51820 and 51821 are bound');
    expect(found).toContain('ok clock: as the cluster-managers have it');
    expect(found).toContainEqual(expect.stringMatching(/^ok cluster-manager: https:.*: answers$/));
    // Debian's etcd lets roles be bypassed, which the doctor says.
    expect(found).toContainEqual(expect.stringMatching(/^(ok|attention) etcd: .*\b3\.[0-9]+\.[0-9]/));
    expect(found).toContain(`ok node: ${nodeAt(1).id} is ready`);
  });

  it('says 50 of a node whose subnet overlaps what its host uses, and names that', async () => {
    const n2 = nodeAt(2);
    await scene.lab.addNode(n2);
    const inTheWay =
      'ip link add a0 type veth peer name a1 && ip link set a0 up && ' +
      'ip address add 10.64.0.9/12 dev a0 && ip address add fd64::9/48 dev a0 nodad';
    await inside(n2.netnsPath, ['sh', '-c', inTheWay]);
    scene.lab.startNode(n2);
    await scene.lab.nodeStatusWhere(n2, ({ readiness }) => readiness === 'no-grant');
    await isUnavailable(n2, /no-grant.*overlaps.*10\.64\.0\.9/);
  });

  it('says 50 of a node that was deleted from the cluster', async () => {
    const n3 = nodeAt(3);
    await scene.lab.addNode(n3);
    scene.lab.startNode(n3);
    await scene.lab.nodeReady(n3);
    const client = scene.lab.managerClient();
    await client.deleteNode(n3.id, { force: true });
    await client.close();
    await scene.lab.nodeStatusWhere(n3, ({ readiness }) => readiness === 'deleted', 20_000);
    await isUnavailable(n3, /deleted/);
  });

  it('says 50 of a node that could not be registered yet, and of one that is fenced, whose ADD says try again', async () => {
    const [n1, n4] = [nodeAt(1), nodeAt(4)];
    for (const { id } of scene.lab.plan.managers) {
      scene.lab.process(id).kill('SIGKILL');
      expect(await scene.lab.process(id).ended(5_000)).toBe(true);
    }
    await scene.lab.addNode(n4);
    scene.lab.startNode(n4);
    // It reads in the store which network there is, and has no part in it yet.
    await scene.lab.nodeStatusWhere(n4, ({ readiness }) => readiness === 'no-grant');
    await isUnavailable(n4, /no-grant.*holds no subnet/);
    await scene.lab.nodeStatusWhere(n1, ({ readiness }) => readiness === 'fenced', 30_000);
    await isUnavailable(n1, /fenced/, tryAgain);
    const [status, found] = await doctor(n1);
    expect(status).toBe(1);
    expect(found).toContain('fault cluster-manager: none answers: nodes cannot register or renew');
    expect(found).toContainEqual(expect.stringMatching(/^fault node: takes no new containers: /));
  });
});
