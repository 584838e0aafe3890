/** A machine of somebody else's on the underlay of a lab: a namespace that none of our programs runs in. */
import type { LabPlan } from '@wgcni/testing';
import { execa } from 'execa';
import { inside } from './inside.ts';

export const strangerAddresses = ['192.0.2.99/24', '2001:db8::99/64'] as const;

/** Adds it, with an address of each family; answers with the path of its namespace, which goes with the lab. */
export async function addStranger(plan: LabPlan): Promise<string> {
  const netns = `wgcni-${plan.name}-x`;
  const path = `/run/netns/${netns}`;
  await execa('ip', ['netns', 'add', netns]);
  await execa('ip', ['link', 'add', `x-${plan.name}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns]);
  await execa('ip', ['link', 'set', `x-${plan.name}`, 'master', plan.bridge, 'up']);
  for (const link of ['lo', 'eth0']) await inside(path, ['ip', 'link', 'set', link, 'up']);
  for (const address of strangerAddresses) {
    const flags = address.includes(':') ? ['nodad'] : [];
    await inside(path, ['ip', 'address', 'add', address, 'dev', 'eth0', ...flags]);
  }
  return path;
}
