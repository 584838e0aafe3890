/** `wgcni pool`: what subnets are cut from, how full it is, and more of it. */
import { parsePool, formatCidr } from '@wgcni/ipam';
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import { table } from '../table.ts';
import { withManager, type Targets } from '../targets.ts';

export function addPoolCommands(
  program: Command,
  run: (work: (targets: Targets) => Promise<Answer>) => Promise<void>,
): void {
  const pool = program.command('pool').description('the pools that subnets of nodes are cut from');
  pool
    .command('list')
    .description('the pools, and how full they are')
    .action(() => run(list));
  pool
    .command('add <cidr:length>')
    .description('grow the network by a pool, such as 10.128.0.0/12:24; it cannot be taken away again')
    .action((text: string) => run((targets) => add(targets, text)));
}

async function list(targets: Targets): Promise<Answer> {
  const { items } = await withManager(targets, (client) => client.pools());
  const rows = items.map(({ cidr, prefixLength, taken, subnets }) => [
    cidr,
    `/${prefixLength}`,
    String(taken),
    subnets,
  ]);
  return { value: items, text: table(['pool', 'subnets of', 'taken', 'of'], rows) };
}

async function add(targets: Targets, text: string): Promise<Answer> {
  const { cidr, prefixLength } = parsePool(text, 'pool');
  const value = await withManager(targets, (client) => client.putPool(formatCidr(cidr), prefixLength));
  return {
    value,
    text: `the network has ${value.pools.length} pools; subnets of ${formatCidr(cidr)} are granted once the earlier pools are full`,
  };
}
