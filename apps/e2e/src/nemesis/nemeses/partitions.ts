/** Partitions between two kinds of the lab's parts, loss, and connections that freeze. */
import type { Apart, NodePlan } from '@wgcni/testing';
import { cut, type Cut } from './cut.ts';
import { someFollower, someNode, type Arena, type Nemesis, type Strike } from './nemesis.ts';

const controlLasts = [2_500, 15_000] as const;

/** Manager–etcd, node–etcd, node–manager, etcd–etcd, node–node; 30 % loss; a frozen connection of the leader. */
export const partitionNemeses: readonly Nemesis[] = [
  {
    ...{ name: 'cut leader–etcd', harm: 'control', lastsMs: controlLasts },
    strike: async (arena) => cutManager(arena, await arena.leader(), arena.lab.plan.etcd),
  },
  {
    ...{ name: 'cut manager–etcd', harm: 'control', lastsMs: controlLasts },
    strike: async (arena) => cutManager(arena, await someFollower(arena), arena.lab.plan.etcd),
  },
  {
    ...{ name: 'freeze leader–member', harm: 'control', lastsMs: controlLasts },
    strike: async (arena) => cutManager(arena, await arena.leader(), [arena.random.pick(arena.lab.plan.etcd)]),
  },
  {
    ...{ name: 'cut node–etcd', harm: 'control', lastsMs: controlLasts },
    strike: async (arena) => cutNode(someNode(arena), 'etcd', arena.lab.plan.etcd),
  },
  {
    ...{ name: 'cut node–manager', harm: 'control', lastsMs: controlLasts },
    strike: async (arena) => cutNode(someNode(arena), 'every manager', arena.lab.plan.managers),
  },
  {
    ...{ name: 'cut member–members', harm: 'control', lastsMs: controlLasts },
    strike: async (arena) => cutMember(arena, arena.random.pick(arena.lab.plan.etcd).name),
  },
  {
    ...{ name: "cut etcd's leader–members", harm: 'control', lastsMs: controlLasts },
    strike: async (arena) => cutMember(arena, await arena.etcdLeader()),
  },
  { name: 'cut node–node', harm: 'packets', lastsMs: [2_500, 12_000], strike: cutNodes },
  { name: '30 % loss', harm: 'packets', lastsMs: [5_000, 15_000], strike: loseSome },
];

async function strikeBy(what: string, cuts: readonly Cut[]): Promise<Strike> {
  return { what, heal: await cut(cuts) };
}

function cutManager({ lab }: Arena, id: string, members: readonly Apart[]): Promise<Strike> {
  const manager = lab.plan.managers.find((each) => each.id === id);
  const names = members.length === lab.plan.etcd.length ? 'etcd' : members.map(({ address }) => address).join(', ');
  return strikeBy(`${id} from ${names}`, [
    { netnsPath: namespaceOf(manager), from: members.map(({ address }) => address) },
  ]);
}

function cutNode({ id, netnsPath }: NodePlan, what: string, others: readonly Apart[]): Promise<Strike> {
  return strikeBy(`${id} from ${what}`, [{ netnsPath, from: others.map(({ address }) => address) }]);
}

function cutMember({ lab }: Arena, name: string): Promise<Strike> {
  const member = lab.plan.etcd.find((each) => each.name === name);
  const others = lab.plan.etcd.filter((each) => each.name !== name).map(({ address }) => address);
  return strikeBy(`${name} from the other members`, [{ netnsPath: namespaceOf(member), from: others }]);
}

function cutNodes(arena: Arena): Promise<Strike> {
  const one = someNode(arena);
  const other = arena.random.pick(arena.lab.plan.nodes.filter(({ id }) => id !== one.id));
  const from = [other.underlay.v4, other.underlay.v6];
  return strikeBy(`${one.id} from ${other.id}`, [{ netnsPath: one.netnsPath, from }]);
}

/** On the way to and from one node, the leader and one member. */
async function loseSome(arena: Arena): Promise<Strike> {
  const leader = await arena.leader();
  const node = someNode(arena);
  const member = arena.random.pick(arena.lab.plan.etcd);
  const manager = arena.lab.plan.managers.find(({ id }) => id === leader);
  const places = [node.netnsPath, namespaceOf(member), namespaceOf(manager)];
  return strikeBy(
    `${node.id}, ${leader} and ${member.name}`,
    places.map((netnsPath) => ({ netnsPath, share: 0.3 })),
  );
}

function namespaceOf(place: Apart | undefined): string {
  if (place?.netnsPath === undefined) throw new Error('this lab has no namespace for it: plan it with isApart');
  return place.netnsPath;
}
