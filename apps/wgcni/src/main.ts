/** `wgcni`: the operator's command line; wires flags to commands, decides nothing. */
import { toCatalogueError } from '@wgcni/base';
import { Command, Option } from 'commander';
import * as commands from './commands.ts';
import type { Answer } from './commands.ts';
import type { EtcdFlags } from './etcd/etcd-target.ts';
import { installCni, type InstallOptions } from './cni-install/install.ts';
import { addAuthorityCommands } from './authority/add-commands.ts';
import { addNetworkCommands } from './network/add-commands.ts';
import { addClientCommands } from './client/add-commands.ts';
import { addDrainCommands } from './drain/commands.ts';
import { addEventCommand } from './events/command.ts';
import { addDoctorCommand } from './doctor/command.ts';
import { addTopCommand, intervalOf } from './live/commands.ts';
import { endWithReader } from './live/reader.ts';
import { columnsOf, fitted, watching } from './live/screen.ts';
import { addPoolCommands } from './network/pool-commands.ts';
import { addGraphCommand } from './graph/command.ts';
import { progressOnStderr } from './progress/on-stderr.ts';
import { addRouteCommands } from './route/commands.ts';
import { addShellCommands } from './shell/commands.ts';
import * as tokens from './token/commands.ts';
import type { TokenFlags } from './token/commands.ts';
import { defaultSocket, type Targets } from './targets.ts';

/** The bundler puts it in. */
declare const __WGCNI_VERSION__: string | undefined;
/** From the sources it is read by the reference, and runs nothing. */
const isBundle = typeof __WGCNI_VERSION__ === 'string';
const version = isBundle ? __WGCNI_VERSION__ : '0.0.0-source';

export const program = new Command('wgcni')
  .description('Look at and steer a Wireguard CNI cluster')
  .version(version)
  .addOption(new Option('--manager <urls>', 'cluster-managers, comma separated').env('WGCNI_MANAGER'))
  .addOption(new Option('--socket <path>', "the node-manager's unix socket").env('WGCNI_SOCKET').default(defaultSocket))
  .addOption(
    new Option('--node-manager <url>', 'a node-manager by its --listen, in place of the socket').env(
      'WGCNI_NODE_MANAGER',
    ),
  )
  .addOption(new Option('--node-id <id>', 'the node that must be there'))
  .addOption(new Option('--tls-cert <file>', 'certificate of an operator, PEM').env('WGCNI_TLS_CERT'))
  .addOption(new Option('--tls-key <file>', 'its private key, PEM, mode 0600').env('WGCNI_TLS_KEY'))
  .addOption(new Option('--tls-ca <file>', 'authorities that the others are judged by, PEM').env('WGCNI_TLS_CA'))
  .option('--insecure', 'no certificate: plain HTTP, to loopback alone', false)
  .option('--json', 'print JSON instead of text', false)
  .option('--wide', 'do not cut lines to the width of the terminal', false)
  .configureHelp({ showGlobalOptions: true })
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));

type InstallFlags = Omit<InstallOptions, 'socket'>;

type Work = (targets: Targets) => Promise<Answer>;

/** Runs a command and prints its answer; a failure is one line with its remedy, status 1 (2 for bad input). */
async function run(work: Work, interval?: string | true): Promise<void> {
  const isSocketSaid = program.getOptionValueSource('socket') === 'cli';
  const said = program.opts<Omit<Targets, 'progress'> & { wide: boolean }>();
  const progress = progressOnStderr(said.json);
  const targets = { ...said, isSocketSaid, progress };
  const columns = targets.wide ? undefined : columnsOf(process.stdout);
  const shown = ({ value, text, isDocument = false }: Answer): string =>
    targets.json ? JSON.stringify(value, null, 2) : fitted(text, isDocument ? undefined : columns);
  try {
    if (interval !== undefined) {
      const look = async (): Promise<string> => work(targets).then(shown, (thrown: unknown) => refusal(thrown).text);
      await watching(look, intervalOf(interval === true ? '2s' : interval));
    }
    const answer = await work(targets);
    progress.end();
    process.stdout.write(`${shown(answer)}\n`);
    if (answer.isFaulty === true) process.exitCode = 1;
  } catch (thrown) {
    progress.end();
    const { text, status } = refusal(thrown);
    process.stderr.write(`${text}\n`);
    process.exitCode = status;
  }
}

function refusal(thrown: unknown): { text: string; status: number } {
  const { message, remedy, code } = toCatalogueError(thrown);
  return {
    text: `wgcni: ${message}${remedy === undefined ? '' : ` (${remedy})`} [${code}]`,
    status: code === 'request.invalid' || code === 'config.invalid' ? 2 : 1,
  };
}

/** A command that changes nothing, so that it may be asked again and again. */
function looking(command: Command, work: Work): void {
  command
    .option('--watch [interval]', 'show it again and again, every 2s or as said')
    .action(({ watch }: { watch?: string | true }) => run(work, watch));
}

looking(
  program
    .command('status')
    .description('the cluster (with --manager) or one node (by --node-manager or --socket) at a glance'),
  commands.status,
);
looking(program.command('nodes').description('nodes with liveness, subnets and endpoints'), commands.nodes);
looking(program.command('subnets').description('subnets with their holders'), commands.subnets);
looking(
  program.command('attachments').description('attachments of the node behind --node-manager or --socket'),
  commands.attachments,
);
addEventCommand(program, run);
addDrainCommands(program, run);
program
  .command('delete <node>')
  .description('take a node that is gone out of the mesh')
  .option('--force', 'also when it is still registered', false)
  .action((node: string, { force }: { force: boolean }) => run((targets) => commands.deleteNode(targets, node, force)));
program
  .command('forget <node>')
  .description('release the subnets of a silent node before its hold-down ends')
  .action((node: string) => run((targets) => commands.forget(targets, node)));

program
  .command('admit <node>')
  .description('take the certificates of a deleted node again, of the key by which it was known last')
  .action((node: string) => run((targets) => commands.admit(targets, node)));

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

addClientCommands(program, run);
addAuthorityCommands(program, run);

addNetworkCommands(program, run);
addPoolCommands(program, run);
addRouteCommands(program, run);
addDoctorCommand(program, run);
addTopCommand(program, run);
addShellCommands(program, version, run);
addGraphCommand(program, run);

const cni = program.command('cni').description('the CNI plugin on this node');
cni
  .command('install')
  .description('put the plugin and its configuration where container runtimes look for them; also the upgrade')
  .requiredOption('--plugin <path>', 'the built plugin: apps/cni/dist/cni.cjs')
  .requiredOption('--config <path>', 'a configuration list: deploy/cni/10-wireguard-cni.conflist')
  .option('--bin-dir <path>', 'where runtimes look for plugins', '/opt/cni/bin')
  .option('--conf-dir <path>', 'where runtimes look for configurations', '/etc/cni/net.d')
  .option('--queue-dir <path>', "the node-manager's --queue-dir", '/var/lib/wgcni/queue')
  .option('--with-node', 'put the Node that runs this beside the plugin, for a host that has none', false)
  .action((options: InstallFlags) =>
    run(({ socket, progress }) => progress.during('files to be on the disk', () => installCni({ ...options, socket }))),
  );

const etcd = program.command('etcd').description('users and roles of etcd for one cluster');
for (const [name, about] of [
  [
    'setup',
    'make the users and roles of managers and nodes as they should be, and switch auth on; repeat it as you like',
  ],
  ['status', 'look whether a setup would change anything: status 1 if so'],
] as const) {
  etcd
    .command(name)
    .description(about)
    .addOption(
      new Option('--etcd <urls>', 'etcd members, all of them, comma separated').env('WGCNI_ETCD').makeOptionMandatory(),
    )
    .addOption(new Option('--cluster <name>', 'name of the cluster').env('WGCNI_CLUSTER').makeOptionMandatory())
    .addOption(new Option('--etcd-cert <file>', 'certificate with the common name root, PEM').env('WGCNI_ETCD_CERT'))
    .addOption(new Option('--etcd-key <file>', 'its private key, PEM, mode 0600').env('WGCNI_ETCD_KEY'))
    .addOption(new Option('--etcd-ca <file>', 'authorities that etcd is judged by, PEM').env('WGCNI_ETCD_CA'))
    // Loaded when it is asked for: etcd's client would delay every other command.
    .action((flags: EtcdFlags) =>
      run(async ({ progress }) => {
        const work = (await import('./etcd/commands.ts'))[name];
        return progress.during('etcd', () => work(flags));
      }),
    );
}

if (isBundle) {
  endWithReader(process.stdout, () => process.exit());
  program.parseAsync().catch((error: unknown) => {
    process.stderr.write(`wgcni: ${String(error)}\n`);
    process.exitCode = 1;
  });
}
