/**
 * The plugin and the node-manager are killed at every fault point of ADD and DEL; afterwards the node holds what is alive, no
 * more, and a bystander has noticed nothing.
 *
 *   test ── exec ── wireguard-cni (killed) ── unix socket ── node-manager (killed, started again) ── namespaces of c1 and of c2, the bystander
 */
import { nodeManagerFaultPoints, pluginFaultPoints } from '@wgcni/cni';
import {
  addContainerNetns,
  callPlugin,
  ping,
  planContainer,
  removeNetns,
  until,
  wireguardDevices,
  type ContainerPlan,
  type NodePlan,
  type PluginAnswer,
  type PluginCall,
  type PluginResult,
} from '@wgcni/testing';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostState } from '../conformance/host-state.ts';
import { bringUp, type Scenario } from '../scenario.ts';
import { audit, readHoldings } from './node-audit.ts';

const ofKind = (kind: string) => nodeManagerFaultPoints.filter((point) => point.startsWith(`${kind}/`));
const answeredPoint = 'answered/recorded';
const pluginAddSteps = [
  { point: 'add/before the request', isAnswered: false },
  { point: 'add/answered by the node-manager', isAnswered: false },
  { point: 'add/before stdout', isAnswered: false },
  { point: 'add/after stdout', isAnswered: false },
  { point: 'add/confirmed', isAnswered: true },
];
const pluginDelSteps = ['del/before the request', 'del/answered by the node-manager'];
const pluginQueueSteps = ['del/before the queue', 'del/entry written aside', 'del/entry renamed', 'del/entry queued'];
const pluginRetrySteps = ['del/tried again', 'del/withdrawn'];

const order = (point: string): { env: Record<string, string> } => ({ env: { WGCNI_DIE_AT: point } });
/** The runtime never got an answer that means something. */
const killed = 137;
const interfaceExists = 103;

it('every fault point of both programs has its case below', () => {
  const plugin = [
    ...pluginAddSteps.map(({ point }) => point),
    ...[...pluginDelSteps, ...pluginQueueSteps, ...pluginRetrySteps],
  ];
  expect(plugin.toSorted()).toEqual([...pluginFaultPoints].sort());
  const nodeManager = [...['add', 'del', 'revive', 'replay'].flatMap(ofKind), answeredPoint];
  expect(nodeManager.toSorted()).toEqual([...nodeManagerFaultPoints].sort());
});

describe('a crash', () => {
  let scene: Scenario;
  let node: NodePlan;
  let container: ContainerPlan;
  let bystander: ContainerPlan;
  let bystanding: PluginResult;
  /** The node itself, which no attachment changes. */
  let host: string[];
  beforeAll(async () => {
    scene = await bringUp({ nodes: 1, containersPerNode: 0, managers: 1, etcd: 1 });
    const [first] = scene.lab.plan.nodes;
    if (first === undefined) throw new Error('the lab has no node');
    node = first;
    container = planContainer(scene.lab.plan.name, 1, 1);
    await addContainerNetns(container);
    bystander = planContainer(scene.lab.plan.name, 1, 2);
    bystanding = await scene.lab.addContainer(node, bystander);
    host = await hostState(node.netnsPath);
  });
  afterAll(() => scene.lab.down());

  const call = (command: PluginCall['command'], more: Partial<PluginCall> = {}): Promise<PluginAnswer> =>
    callPlugin(scene.lab.programs.plugin, { command, node, container, ...more });
  const succeed = async (command: PluginCall['command'], more: Partial<PluginCall> = {}): Promise<PluginAnswer> => {
    const answer = await call(command, more);
    expect(answer.exitCode, `${command}: ${answer.stdout}${answer.stderr}`).toBe(0);
    return answer;
  };
  /** Ends the node-manager and starts it to die at `point`, or to live. */
  const restart = async (point?: string): Promise<void> => {
    await scene.lab.process(node.id).stop();
    scene.lab.startNode(node, [], point === undefined ? {} : order(point).env);
    await scene.lab.nodeReady(node);
  };
  const hasDied = async (): Promise<void> => {
    expect(await scene.lab.process(node.id).ended(10_000), 'the node-manager has died').toBe(true);
  };
  /** What is alive is held, and nothing else, and the bystander has noticed nothing; a process that was told to end may take a moment. */
  const isSound = async (): Promise<void> => {
    await until(3_000, 'the node to hold what is alive', async () => {
      const differences = audit(await readHoldings(scene.lab, node, [container, bystander]), host);
      return differences.length === 0 ? true : new Error(differences.join('; '));
    });
    await succeed('CHECK', { container: bystander, config: { prevResult: bystanding } });
    for (const { gateway = '' } of bystanding.ips)
      expect(await ping(bystander.netnsPath, gateway, { count: 1 })).toBeDefined();
  };
  /** The same after a GC that knows of the bystander alone, with nothing left of the container. */
  const isEmpty = async (): Promise<void> => {
    const valid = [{ containerID: bystander.id, ifname: 'eth0' }];
    await succeed('GC', { config: { cniVersion: '1.1.0', 'cni.dev/valid-attachments': valid } });
    await isSound();
    const { attachments } = await readHoldings(scene.lab, node, [container, bystander]);
    expect(attachments.map(({ containerId }) => containerId)).toEqual([bystander.id]);
  };
  /** What a runtime does with a container that is to live: ADD again, CHECK; and in the end DEL. */
  const recover = async (): Promise<void> => {
    const { stdout } = await succeed('ADD');
    await succeed('CHECK', { config: { prevResult: JSON.parse(stdout) as object } });
    await succeed('DEL');
    await isEmpty();
  };

  it('of the node-manager at every step of ADD is undone at its start, and the next ADD succeeds', async () => {
    for (const point of ofKind('add')) {
      await restart(point);
      // What the step before left is settled by now.
      await isSound();
      const answer = await call('ADD');
      expect([point, answer.exitCode]).toEqual([point, 1]);
      expect(JSON.parse(answer.stdout)).toMatchObject({ code: 100 });
      await hasDied();
    }
    await restart();
    await isSound();
    await recover();
  });

  it('of the node-manager when it has noted that the runtime has the answer leaves the container attached', async () => {
    await restart(answeredPoint);
    await succeed('ADD');
    await hasDied();
    await restart();
    await isSound();
    expect(JSON.parse((await call('ADD')).stdout)).toMatchObject({ code: interfaceExists });
    await succeed('DEL');
    await isEmpty();
  });

  it('of the node-manager at every step of DEL is made good at its start: the runtime was told that it succeeded', async () => {
    await restart();
    for (const point of ofKind('del')) {
      await succeed('ADD');
      await restart(point);
      await succeed('DEL');
      await hasDied();
      await restart();
      await isEmpty();
    }
    await recover();
  });

  it('of the node-manager in the replay of a queued DEL is made good at the start after it', async () => {
    await restart();
    for (const point of ofKind('replay')) {
      await succeed('ADD');
      await scene.lab.process(node.id).stop();
      await succeed('DEL');
      scene.lab.startNode(node, [], order(point).env);
      await hasDied();
      await restart();
      await isEmpty();
    }
    await recover();
  });

  it('of the node-manager while it makes a dead device anew is followed by another revival: same addresses, and it talks', async () => {
    await restart();
    const others = await wireguardDevices(node.netnsPath);
    const prevResult = JSON.parse((await succeed('ADD')).stdout) as PluginResult;
    const [device] = (await wireguardDevices(node.netnsPath)).filter((name) => !others.includes(name));
    await scene.lab.process(node.id).stop();
    await execa('pkill', ['-KILL', '-f', `^wireguard-go -f ${device}$`]);
    for (const point of ofKind('revive')) {
      scene.lab.startNode(node, [], order(point).env);
      await hasDied();
    }
    await restart();
    await until(10_000, 'the revival', () => succeed('CHECK', { config: { prevResult } }));
    for (const { gateway = '' } of prevResult.ips)
      expect(await ping(container.netnsPath, gateway, { count: 1 })).toBeDefined();
    expect(JSON.parse((await call('ADD')).stdout)).toMatchObject({ code: interfaceExists });
    await succeed('DEL');
    await isEmpty();
  });

  it.each(pluginAddSteps)(
    'of the plugin in ADD ($point) leaves nothing that a retry or a DEL does not settle',
    async ({ point, isAnswered }) => {
      expect((await call('ADD', order(point))).exitCode).toBe(killed);
      await isSound();
      const again = await call('ADD');
      if (isAnswered) expect(JSON.parse(again.stdout)).toMatchObject({ code: interfaceExists });
      else expect(again.exitCode, again.stdout).toBe(0);
      await succeed('DEL');
      await isEmpty();
      await recover();
    },
  );

  it.each(pluginDelSteps)('of the plugin in DEL (%s) leaves what a second DEL settles', async (point) => {
    await succeed('ADD');
    expect((await call('DEL', order(point))).exitCode).toBe(killed);
    await isSound();
    await succeed('DEL');
    await isEmpty();
  });

  it.each(pluginQueueSteps)(
    'of the plugin in a DEL that is to be queued (%s) leaves what a second DEL settles',
    async (point) => {
      await succeed('ADD');
      await scene.lab.process(node.id).stop();
      expect((await call('DEL', order(point))).exitCode).toBe(killed);
      await succeed('DEL');
      await restart();
      await isEmpty();
    },
  );

  it.each(pluginRetrySteps)('of the plugin after a second try of DEL (%s) leaves nothing', async (point) => {
    await succeed('ADD');
    scene.lab.process(node.id).kill('SIGSTOP');
    // The first try has six tenths of the time; the second finds the node-manager awake.
    const dying = call('DEL', { ...order(point), config: { delTimeoutMs: 3_000 } });
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    scene.lab.process(node.id).kill('SIGCONT');
    expect((await dying).exitCode).toBe(killed);
    await restart();
    await isEmpty();
    await removeNetns(container.netns);
    await addContainerNetns(container);
  });
});
