/** `wgcni route`: what nodes offer into the mesh, and what of it an operator lets in. */
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import { table } from '../table.ts';
import { withManager, type Targets } from '../targets.ts';

export function addRouteCommands(
  program: Command,
  run: (work: (targets: Targets) => Promise<Answer>) => Promise<void>,
): void {
  const route = program.command('route').description('networks behind nodes that they offer to the mesh');
  route
    .command('list')
    .description('what nodes offer, and what is approved')
    .action(() => run(list));
  route
    .command('approve <node> <cidr>')
    .description('let a route of a node in: the others send packets for it to that node')
    .action((node: string, cidr: string) => run((targets) => approve(targets, node, cidr)));
  route
    .command('withdraw <node> <cidr>')
    .description('let a route of a node in no more')
    .action((node: string, cidr: string) => run((targets) => withdraw(targets, node, cidr)));
}

async function list(targets: Targets): Promise<Answer> {
  const { items } = await withManager(targets, (client) => client.routes());
  const rows = items.map(({ nodeId, route, isOffered, isApproved }) => [
    ...[route, nodeId, isOffered ? 'offered' : 'not offered', isApproved ? 'approved' : 'not approved'],
    isOffered && isApproved ? 'in effect' : '–',
  ]);
  return { value: items, text: table(['route', 'node', 'offered', 'approved', ''], rows) };
}

async function approve(targets: Targets, nodeId: string, route: string): Promise<Answer> {
  const value = await withManager(targets, (client) => client.approveRoute(nodeId, route));
  const text = value.isOffered
    ? `the mesh reaches ${value.route} by ${nodeId}`
    : `${value.route} is approved; ${nodeId} does not offer it yet (node-manager --advertise ${value.route})`;
  return { value, text };
}

async function withdraw(targets: Targets, nodeId: string, route: string): Promise<Answer> {
  await withManager(targets, (client) => client.withdrawRoute(nodeId, route));
  return { value: { nodeId, route }, text: `the mesh reaches ${route} by ${nodeId} no more` };
}
