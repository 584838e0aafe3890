/** `wgcni network` and `wgcni rule`: the address plan, its options and its rules. */
import { readFile } from 'node:fs/promises';
import type { Network, Rule } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import type { Answer } from '../answer.ts';
import { storedNetwork } from './stored-network.ts';
import { table } from '../table.ts';
import { withManager, type Targets } from '../targets.ts';
import { type NetworkFlags, networkPatch, type RuleFlags, ruleInput } from './network-patch.ts';

export async function show(targets: Targets): Promise<Answer> {
  const value = await withManager(targets, (client) => client.network());
  return { value, text: JSON.stringify(value, null, 2) };
}

/** Changes what is said, on every node at once. */
export async function set(targets: Targets, flags: NetworkFlags): Promise<Answer> {
  const patch = networkPatch(flags);
  const value = await withManager(targets, (client) => client.setNetwork(patch));
  // A manager refuses to start with flags that say something else than the network.
  const hint =
    patch.mtu === undefined ? '' : `\ncluster-managers start with --mtu ${value.mtu} or without it from now on`;
  return { value, text: `${optionTable(value)}${hint}` };
}

/** Gives an emptied store its network back, with the same id, from the view that a node-manager keeps on disk. */
export async function restore(targets: Targets, viewPath: string): Promise<Answer> {
  const text = await readFile(viewPath, 'utf8').catch((cause: unknown) => {
    throw new CatalogueError('request.invalid', `${viewPath} cannot be read`, {
      field: 'view',
      remedy: 'name the view.json in the data directory of a node-manager',
      cause,
    });
  });
  const value = await withManager(targets, (client) => client.putNetwork(storedNetwork(text, viewPath)));
  return { value, text: `network ${value.networkId} is restored; the nodes register again by themselves` };
}

export async function setRule(targets: Targets, name: string, flags: RuleFlags): Promise<Answer> {
  const input = ruleInput(flags);
  const value = await withManager(targets, (client) => client.putRule(name, input));
  return { value, text: ruleTable([value]) };
}

export async function deleteRule(targets: Targets, name: string): Promise<Answer> {
  await withManager(targets, (client) => client.deleteRule(name));
  return { value: { name }, text: `${name} allows nothing any more; connections that stood by it end` };
}

export async function listRules(targets: Targets): Promise<Answer> {
  const { items } = await withManager(targets, (client) => client.rules());
  return { value: items, text: ruleTable(items) };
}

function ruleTable(rules: readonly Rule[]): string {
  return table(
    ['rule', 'from', 'to', 'protocol', 'ports'],
    rules.map(({ name, from, to, protocol, ports }) => [
      ...[name, from.join(' '), to.join(' '), protocol],
      ports.length === 0 ? 'all' : ports.join(' '),
    ]),
  );
}

function optionTable({ mtu, masquerade, isolation, direct, link, clientPools, rules }: Network): string {
  const listed = (words: readonly string[]): string => (words.length === 0 ? 'none' : words.join(' '));
  return table(
    ['option', 'value'],
    [
      ['mtu', String(mtu)],
      ['masquerade', masquerade.mode],
      ['masquerade-except', listed(masquerade.except)],
      ['isolation', isolation],
      ['direct', direct],
      ['link', link],
      ['client-pool', listed(clientPools)],
      ['rules', String(rules.length)],
    ],
  );
}
