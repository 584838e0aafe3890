/** The words of `wgcni token`. */
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import type { Targets } from '../targets.ts';
import * as tokens from './commands.ts';
import type { TokenFlags } from './commands.ts';

export function addTokenCommands(
  program: Command,
  run: (work: (targets: Targets) => Promise<Answer>) => Promise<void>,
): void {
  const token = program.command('token').description('words by which new nodes join');
  token
    .command('create')
    .description('make a token and print it, this once')
    .option('--node <name>', 'only this node may join by it; also one that has joined before')
    .option('--ttl <duration>', 'how long it is good', '1h')
    .option('--uses <number>', 'how many nodes may join by it', '1')
    .action((flags: TokenFlags) => run((targets) => tokens.create(targets, flags)));
  token
    .command('list')
    .description('the tokens that have not ended')
    .action(() => run(tokens.list));
  token
    .command('revoke <id>')
    .description('let nobody join by a token any more')
    .action((id: string) => run((targets) => tokens.revoke(targets, id)));
}
