/** The words of `wgcni network` and `wgcni rule`. */
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import type { Targets } from '../targets.ts';
import * as commands from './commands.ts';
import type { NetworkFlags, RuleFlags } from './network-patch.ts';

type Run = (work: (targets: Targets) => Promise<Answer>) => Promise<void>;

export function addNetworkCommands(program: Command, run: Run): void {
  const network = program.command('network').description('the address plan and the options of the network');
  network
    .command('show', { isDefault: true })
    .description('print them; `wgcni network` alone does so too')
    .action(() => run(commands.show));
  network
    .command('set')
    .description('change options of the network, on every node; lists are given whole, "none" empties one')
    .option('--mtu <bytes>', 'MTU of every WireGuard device')
    .option('--masquerade <mode>', "auto, on or off: whether what leaves the cluster gets the node's address")
    .option('--masquerade-except <cidr>', 'reached under own addresses; repeat it', collected, [])
    .option('--isolation <kind>', 'open or isolated: containers reach nothing but what a rule allows')
    .option(
      '--direct <where>',
      'off, node or cluster: whether the containers of a node, or of all nodes, are peers of each other',
    )
    .option('--link <kind>', 'wireguard or veth: what joins later containers to their node')
    .option('--client-pool <cidr>', "pool of clients' addresses, one of each family; repeat it", collected, [])
    .action((flags: NetworkFlags) => run((targets) => commands.set(targets, flags)));
  network
    .command('restore <view>')
    .description("give an emptied store its network back from a node's stored view (view.json)")
    .action((view: string) => run((targets) => commands.restore(targets, view)));
  addRuleCommands(program, run);
}

function addRuleCommands(program: Command, run: Run): void {
  const rule = program.command('rule').description('who may reach whom');
  const places = 'CIDR, containers, clients, nodes or any';
  rule
    .command('set <name>')
    .description('put a rule in place of the one of its name, if there is one')
    .requiredOption('--from <place>', `${places}; repeat it`, collected)
    .requiredOption(
      '--to <place>',
      `${places}, or node: the services of the node where it arrives; repeat it`,
      collected,
    )
    .option('--protocol <protocol>', 'any, tcp, udp, sctp or icmp (default: any)')
    .option('--ports <ports>', 'such as 80 or 8000-8100 (default: all); repeat it', collected, [])
    .action((name: string, flags: RuleFlags) => run((targets) => commands.setRule(targets, name, flags)));
  rule
    .command('delete <name>')
    .description('take a rule away; connections that stand by it end')
    .action((name: string) => run((targets) => commands.deleteRule(targets, name)));
  rule
    .command('list')
    .description('the rules')
    .action(() => run(commands.listRules));
}

function collected(word: string, before: string[] = []): string[] {
  return [...before, word];
}
