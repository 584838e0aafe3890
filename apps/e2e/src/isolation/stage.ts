/** Everybody that the table speaks of: two nodes with containers, a client, a machine outside, and a published port. */
import { type Client } from '@wgcni/api';
import { type NodePlan, type OutsideMachine, addOutside, planOutside, usualClientPools } from '@wgcni/testing';
import { execa } from 'execa';
import { join } from 'node:path';
import { inside } from '../inside.ts';
import { bringUp, type Scenario } from '../scenario.ts';
import { Agent, type Probe } from './agents.ts';
import type { Cell, Source, Target } from './cells.ts';

/** Behind the machine outside: the default ways of the nodes lead there. */
const outside = { 4: '198.51.100.7', 6: '2001:db8:1::7' };
export const outsideBlocks = ['198.51.100.0/24', '2001:db8:1::/48'];
const publishedPort = 8_080;

type Both = Record<4 | 6, string>;

export interface Stage {
  scene: Scenario;
  nodes: readonly [NodePlan, NodePlan];
  agents: Record<Source, Agent>;
  addresses: Record<Target, Both>;
  publicKey: string;
  down(): Promise<void>;
}

export async function setStage(): Promise<Stage> {
  const scene = await bringUp({ nodes: 2, containersPerNode: 2, managers: 1, etcd: 1, clientPools: usualClientPools });
  const agents: Agent[] = [];
  try {
    return await furnish(scene, agents);
  } catch (error) {
    await takeDown(scene, agents);
    throw error;
  }
}

async function furnish(scene: Scenario, agents: Agent[]): Promise<Stage> {
  const { lab, placesOf } = scene;
  const [first, second] = lab.plan.nodes;
  if (first === undefined || second === undefined) throw new Error('the lab is too small');
  const [[asking, same] = [], [other] = []] = [placesOf(first), placesOf(second)];
  if (asking === undefined || same === undefined || other === undefined) throw new Error('the lab is too small');
  const both = ([v4 = '', v6 = '']: readonly string[]): Both => ({ 4: v4, 6: v6 });

  const machine = await addInternet(scene);
  await publish(first, both(same.addresses));
  const { client, machine: laptop } = await addClient(scene, first);
  const start = async (netnsPath: string): Promise<Agent> => {
    const agent = await Agent.start(netnsPath);
    agents.push(agent);
    return agent;
  };
  const [container, dialing, node, stranger] = await Promise.all(
    [asking, laptop, first, machine, same, other, second].map(({ netnsPath }) => start(netnsPath)),
  );
  const gateways = await Promise.all([first, second].map((one) => gatewaysOf(scene, one)));
  return {
    scene,
    nodes: [first, second],
    agents: { container, client: dialing, node, outside: stranger } as Record<Source, Agent>,
    addresses: {
      ...{ same: both(same.addresses), other: both(other.addresses), client: both(client.addresses), outside },
      ...{ gateway: both(gateways[0] ?? []), 'far gateway': both(gateways[1] ?? []) },
      ...{
        underlay: both([first.underlay.v4, first.underlay.v6]),
        published: both([first.underlay.v4, first.underlay.v6]),
      },
    },
    publicKey: client.publicKey,
    down: () => takeDown(scene, agents),
  };
}

async function takeDown({ lab }: Scenario, agents: readonly Agent[]): Promise<void> {
  for (const agent of agents) agent.stop();
  await lab.down();
}

/** A machine on the underlay by which the nodes reach addresses that are nobody's in the cluster. */
async function addInternet({ lab: { plan } }: Scenario): Promise<OutsideMachine> {
  const machine = planOutside(plan, 1);
  await addOutside(plan, machine);
  await inside(machine.netnsPath, ['ip', 'address', 'add', `${outside[4]}/32`, 'dev', 'lo']);
  await inside(machine.netnsPath, ['ip', 'address', 'add', `${outside[6]}/128`, 'dev', 'lo', 'nodad']);
  for (const { netnsPath } of plan.nodes) {
    await inside(netnsPath, ['ip', 'route', 'add', outsideBlocks[0] ?? '', 'via', machine.link.v4]);
    await inside(netnsPath, ['ip', 'route', 'add', outsideBlocks[1] ?? '', 'via', machine.link.v6]);
  }
  return machine;
}

/** As an engine or the chained portmap does it. */
async function publish({ netnsPath, underlay }: NodePlan, to: Both): Promise<void> {
  const rule = ['--table', 'nat', '--append', 'PREROUTING', '--protocol', 'tcp', '--dport', String(publishedPort)];
  const target = (address: string): string[] => ['--jump', 'DNAT', '--to-destination', address];
  await inside(netnsPath, ['iptables', ...rule, '--destination', underlay.v4, ...target(`${to[4]}:80`)]);
  await inside(netnsPath, ['ip6tables', ...rule, '--destination', underlay.v6, ...target(`[${to[6]}]:80`)]);
}

/** A client that sends everything to the first node, by the file that the command wrote. */
async function addClient({ lab }: Scenario, node: NodePlan): Promise<{ client: Client; machine: OutsideMachine }> {
  const machine = planOutside(lab.plan, 2);
  await addOutside(lab.plan, machine);
  const file = join(lab.plan.dir, `${lab.plan.name}k2.conf`);
  const pools = lab.plan.pools.map((pool) => pool.replace(/:[0-9]+$/, ''));
  const blocks = [...pools, ...outsideBlocks].join(',');
  const said = ['client', 'add', 'laptop', '--via', node.id, '--allowed-ips', blocks, '--out', file];
  await execa(lab.programs.wgcni, [...lab.wgcniFlags(), ...said]);
  await inside(machine.netnsPath, ['wg-quick', 'up', file]);
  const manager = lab.managerClient();
  const { items } = await manager.clients();
  await manager.close();
  const [client] = items;
  if (client === undefined) throw new Error('the client is not there');
  return { client, machine };
}

async function gatewaysOf({ lab }: Scenario, node: NodePlan): Promise<string[]> {
  const client = lab.nodeClient(node);
  const { items } = await client.attachments();
  await client.close();
  return (items[0]?.addresses ?? []).map(({ gateway }) => gateway);
}

/** The question of one cell. */
export function probeOf({ addresses }: Stage, { target, ask, family }: Cell, patienceMs: number): Probe {
  const [protocol = '', port] = ask.split(' ');
  return {
    protocol: protocol as Probe['protocol'],
    address: addresses[target][family],
    port: target === 'published' ? publishedPort : Number(port ?? 0),
    patienceMs,
  };
}
