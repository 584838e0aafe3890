/** Machines outside the cluster: each a namespace joined to the lab's bridge, with nothing of ours on it. */
import { execa } from 'execa';
import { addNetns } from './netns.ts';
import type { LabPlan } from './plan.ts';

/** One place on the underlay: a link to the bridge with an address of each family. */
export interface OutsideLink {
  /** The end on the machine. */
  device: string;
  /** The end that is joined to the bridge. */
  outer: string;
  v4: string;
  v6: string;
}

export interface OutsideMachine {
  netns: string;
  netnsPath: string;
  /** Where it is first. */
  link: OutsideLink;
}

/** Machine `n` of a lab, from 1. */
export function planOutside({ name }: Pick<LabPlan, 'name'>, n: number): OutsideMachine {
  const netns = `wgcni-${name}-out${n}`;
  return { netns, netnsPath: `/run/netns/${netns}`, link: planOutsideLink({ name }, n) };
}

/** Place `n` of the underlay, of machine `n` or of one that has gone on to there; below 100. */
export function planOutsideLink({ name }: Pick<LabPlan, 'name'>, n: number): OutsideLink {
  return { device: `net${n}`, outer: `o-${name}-${n}`, v4: `192.0.2.${100 + n}`, v6: `2001:db8::${100 + n}` };
}

/** Makes its namespace, in its first place on the bridge, which is in the caller's namespace; beyond the bridge it has no way. */
export async function addOutside(plan: LabPlan, { netns, link }: OutsideMachine): Promise<void> {
  await addNetns(netns);
  await attach(plan, netns, link);
}

/**
 * Takes a machine from one place to another: the new one is there, the old one loses its carrier, the routes change. The old address stays on its link:
 * wireguard-go up to 2022 at least goes on sending from an address that is gone, until fifteen seconds without an answer make it look anew.
 */
export async function moveOutside(plan: LabPlan, netns: string, from: OutsideLink, to: OutsideLink): Promise<void> {
  await attach(plan, netns, to);
  await ip(undefined, `link set ${from.outer} down`);
  await ip(netns, `route del 192.0.2.0/24 dev ${from.device}`);
  await ip(netns, `-6 route del 2001:db8::/64 dev ${from.device}`);
}

async function attach({ bridge }: LabPlan, netns: string, { device, outer, v4, v6 }: OutsideLink): Promise<void> {
  await ip(undefined, `link add ${outer} type veth peer name ${device} netns ${netns}`);
  await ip(undefined, `link set ${outer} master ${bridge} up`);
  await ip(netns, `link set ${device} up`);
  await ip(netns, `address add ${v4}/24 dev ${device}`);
  await ip(netns, `address add ${v6}/64 dev ${device} nodad`);
}

/** Takes the links of an outside namespace away: a userspace WireGuard that somebody started there ends with its link. */
export async function clearOutside(netns: string): Promise<void> {
  const { stdout } = await execa('ip', ['-n', netns, '-json', 'link']);
  const names = (JSON.parse(stdout || '[]') as { ifname: string }[]).map(({ ifname }) => ifname);
  for (const name of names.filter((one) => one !== 'lo')) await ip(netns, `link delete ${name}`);
}

/** Whether the namespace is one of the lab's machines outside. */
export function isOutside({ name }: Pick<LabPlan, 'name'>, netns: string): boolean {
  return netns.startsWith(`wgcni-${name}-out`);
}

/** One command in a namespace, or in the caller's. */
async function ip(netns: string | undefined, command: string): Promise<void> {
  await execa('ip', [...(netns === undefined ? [] : ['-n', netns]), ...command.split(' ')]);
}
