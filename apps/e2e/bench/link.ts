/**
 * `make bench-link`: what a TCP stream gets over each link, on one node and across two, beside plain veth between two namespaces, turn by
 * turn in one run. Nodes are namespaces of this machine, so all of a path's work is done by the same processors.
 *
 *   plain:      a ──veth── b
 *   one node:   c1 ──link── node ──link── c2
 *   two nodes:  c1 ──link── node 1 ══mesh══ node 2 ──link── c3
 */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { addNetns, findPrograms, Lab, planContainer, planLab, removeNetns, type NodePlan } from '@wgcni/testing';
import { execa } from 'execa';
import { bytesPerSecond, type StreamEnds } from './tcp-stream.ts';

const rounds = Number(process.env['ROUNDS'] ?? 5);
const seconds = Number(process.env['SECONDS'] ?? 3);
const port = 5_201;
/** Of the network, and of the plain veth beside it. */
const mtu = 1_420;

interface Path extends StreamEnds {
  name: string;
  rates: number[];
}

async function plainPath(name: string): Promise<Path> {
  const [a, b] = [`wgcni-${name}-a`, `wgcni-${name}-b`];
  for (const netns of [a, b]) await addNetns(netns);
  const input = [
    `link add eth0 mtu ${mtu} netns ${a} type veth peer name eth0 mtu ${mtu} netns ${b}`,
    ...[a, b].flatMap((netns, index) => [
      `-n ${netns} address add 198.51.100.${index + 1}/24 dev eth0`,
      `-n ${netns} link set eth0 up`,
    ]),
  ];
  for (const line of input) await execa('ip', line.split(' '));
  return {
    ...{ name: 'plain veth, no CNI', rates: [] },
    from: `/run/netns/${a}`,
    to: `/run/netns/${b}`,
    address: '198.51.100.1',
  };
}

/** Two containers on the first node and one on the second, joined as the network says now: a path on one node and one across. */
async function pathsOver(lab: Lab, link: 'wireguard' | 'veth', first: number): Promise<Path[]> {
  await lab.setLink(link);
  const [one, two] = lab.plan.nodes as [NodePlan, NodePlan];
  const attach = async (node: NodePlan, n: number, c: number): Promise<{ netns: string; address: string }> => {
    const container = planContainer(lab.plan.name, n, c);
    const { ips } = await lab.addContainer(node, container);
    return { netns: container.netnsPath, address: (ips[0]?.address ?? '').replace(/\/.*/, '') };
  };
  // The nodes hear of the option by their watch.
  await new Promise((heard) => setTimeout(heard, 2_000));
  const sender = await attach(one, 1, first);
  const [near, far] = [await attach(one, 1, first + 1), await attach(two, 2, first)];
  const common = { from: sender.netns, address: sender.address };
  return [
    { ...common, name: `${link}, one node`, to: near.netns, rates: [] },
    { ...common, name: `${link}, two nodes`, to: far.netns, rates: [] },
  ];
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? 0;
}

const megabits = (rate: number): string => ((rate * 8) / 1e6).toFixed(0).padStart(6);

function show(paths: readonly Path[]): void {
  const plain = median(paths[0]?.rates ?? []);
  process.stdout.write(
    `${rounds} rounds of ${seconds} s, turn by turn: median (min to max) in Mbit/s, and the ratio to plain veth\n`,
  );
  for (const { name, rates } of paths) {
    const range = `(${megabits(Math.min(...rates))} to ${megabits(Math.max(...rates))})`;
    process.stdout.write(
      `${name.padEnd(22)} ${megabits(median(rates))} ${range}   ${(median(rates) / plain).toFixed(3)}\n`,
    );
  }
}

async function main(): Promise<void> {
  const name = `b${randomBytes(3).toString('hex')}`;
  const plan = planLab(name, { nodes: 2, containersPerNode: 4, managers: 1, etcd: 1 });
  const lab = new Lab(plan, await findPrograms(resolve(import.meta.dirname, '../../..')));
  try {
    await lab.up();
    const paths = [
      await plainPath(name),
      ...(await pathsOver(lab, 'wireguard', 1)),
      ...(await pathsOver(lab, 'veth', 3)),
    ];
    for (let round = 0; round < rounds; round += 1) {
      for (const path of paths) path.rates.push(await bytesPerSecond(path, seconds, port));
    }
    show(paths);
  } finally {
    await lab.down();
    for (const end of ['a', 'b']) await removeNetns(`wgcni-${name}-${end}`);
  }
}

await main();
