/** The words of `wgcni authority`. */
import type { Command } from 'commander';
import type { Answer } from '../answer.ts';
import type { IssueFlags } from './commands.ts';

type Run = (work: () => Promise<Answer>) => Promise<void>;

/** What they do is loaded when it is asked for: the library behind it would delay every other command. */
export function addAuthorityCommands(program: Command, run: Run): void {
  const authority = program
    .command('authority')
    .description('the authority of a cluster, in files of this machine; nothing is sent');
  authority
    .command('create')
    .description('make a new authority: authority.pem and authority.key')
    .requiredOption('--dir <path>', 'directory for its two files')
    .option('--name <text>', 'what it is called, for people', 'wgcni')
    .action(({ dir, name }: { dir: string; name: string }) =>
      run(async () => (await import('./commands.ts')).create(dir, name)),
    );
  authority
    .command('issue <kind> <name>')
    .description('issue a certificate and key to a manager, node, operator, etcd (a member) or etcd-root')
    .requiredOption('--dir <path>', 'directory of the authority')
    .requiredOption('--out <path>', 'directory for <name>.pem and <name>.key')
    .option('--cluster <name>', 'name of the cluster')
    .option('--role <role>', 'of an operator: read, operate or admin', 'read')
    .option('--host <name>', 'host name or address by which it is dialled; repeat it', collected, [])
    .option('--life <duration>', 'how long it is good', '90d')
    .action((kind: string, name: string, flags: IssueFlags) =>
      run(async () => (await import('./commands.ts')).issue(kind, name, flags)),
    );
  authority
    .command('rotate')
    .description('make the successor of an authority, certified by it')
    .requiredOption('--dir <path>', 'directory of the present authority')
    .requiredOption('--out <path>', 'directory for the files of the new one')
    .option('--name <text>', 'what the new one is called, for people', 'wgcni')
    .action(({ dir, out, name }: { dir: string; out: string; name: string }) =>
      run(async () => (await import('./commands.ts')).rotate(dir, out, name)),
    );
}

function collected(word: string, before: string[]): string[] {
  return [...before, word];
}
