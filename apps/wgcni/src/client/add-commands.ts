/** The words of `wgcni client`. */
import { type Command, Option } from 'commander';
import type { Answer } from '../answer.ts';
import type { Targets } from '../targets.ts';
import type { AddFlags } from './add.ts';
import type { ConfigFlags, RemoveFlags } from './commands.ts';
import type { SyncFlags } from './sync/command.ts';

type Run = (work: (targets: Targets) => Promise<Answer>) => Promise<void>;

const family = (): Option =>
  new Option('--family <4|6>', 'the endpoints that it dials, of nodes that have both').choices(['4', '6']);

/** What they do is loaded when it is asked for. */
export function addClientCommands(program: Command, run: Run): void {
  const client = program
    .command('client')
    .description('machines outside the cluster that dial in with plain WireGuard');
  client
    .command('add <name>')
    .description(
      'take a client in and print its configuration; the key pair is made here, and the private half stays here',
    )
    .option('--public-key <key>', 'of a pair that the client has made; also to change what a client may')
    .option(
      '--ttl <duration>',
      'how long until it is cut off, like 12h or 30d, or none; given again, counted anew; not given, as it was',
    )
    .option('--allowed-ips <cidrs>', 'what it sends into the mesh, comma separated (default: all that is there)')
    .option('--via <node>', 'dial this one node for all, with a configuration that need not be refreshed')
    .option('--reachable', 'containers may begin to speak with it', false)
    .addOption(family())
    .option('--qr', 'as a QR code for the terminal', false)
    .option('--out <file>', 'into a new file, mode 0600')
    .option('--force', 'replace the file of --out', false)
    .action((name: string, flags: AddFlags) =>
      run(async (targets) => (await import('./add.ts')).add(targets, name, flags)),
    );
  client
    .command('list')
    .description('clients with their addresses')
    .action(() => run(async (targets) => (await import('./commands.ts')).list(targets)));
  client
    .command('remove <name>')
    .description('cut a client off, everywhere')
    .option('--public-key <key>', 'only the client of this key; needed for one whose record nobody can read')
    .action((name: string, flags: RemoveFlags) =>
      run(async (targets) => (await import('./commands.ts')).remove(targets, name, flags)),
    );
  client
    .command('config <name>')
    .description("a client's configuration as it is now")
    .option('--key-file <file>', 'its private key, or its present configuration, mode 0600; without it a place is left')
    .addOption(family())
    .option('--qr', 'as a QR code for the terminal', false)
    .option('--out <file>', 'into a new file, mode 0600')
    .option('--force', 'replace the file of --out', false)
    .action((name: string, flags: ConfigFlags) =>
      run(async (targets) => (await import('./commands.ts')).config(targets, name, flags)),
    );
  client
    .command('sync <name>')
    .description("on the client's machine: keep its WireGuard interface as the register says, until SIGTERM")
    .requiredOption('--interface <name>', 'its interface, which is there already')
    .requiredOption('--key-file <file>', 'its private key, or its configuration, mode 0600')
    .option('--interval <duration>', 'time between two looks', '10s')
    .option('--keep-missing <duration>', 'how long a node stays that the register names no more', '5m')
    .addOption(family())
    .action((name: string, flags: SyncFlags) =>
      run(async (targets) => (await import('./sync/command.ts')).sync(targets, name, flags)),
    );
}
