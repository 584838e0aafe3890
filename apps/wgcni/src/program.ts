/** The words of `wgcni`: every command with its flags; wires them to what they do, decides nothing. */
import { Command, Option } from 'commander';
import * as commands from './commands.ts';
import type { EtcdFlags } from './etcd/etcd-target.ts';
import { installCni, type InstallOptions } from './cni-install/install.ts';
import { addAuthorityCommands } from './authority/add-commands.ts';
import { addNetworkCommands } from './network/add-commands.ts';
import { addClientCommands } from './client/add-commands.ts';
import { addDrainCommands } from './drain/commands.ts';
import { addEventCommand } from './events/command.ts';
import { addDoctorCommand } from './doctor/command.ts';
import { addTopCommand } from './live/commands.ts';
import { addPoolCommands } from './network/pool-commands.ts';
import { addGraphCommand } from './graph/command.ts';
import { addRouteCommands } from './route/commands.ts';
import { run as runWork } from './run/run.ts';
import type { Work } from './run/work.ts';
import type { Outlet } from './run/outlet.ts';
import { addShellCommands } from './shell/commands.ts';
import { addTokenCommands } from './token/add-commands.ts';
import { defaultSocket, type Said } from './targets.ts';

type InstallFlags = Omit<InstallOptions, 'socket'>;

/** What the parser itself writes: help, version, and what it refuses. */
export interface Written {
  out: string;
  err: string;
}

/** All commands. What the parser writes goes to `written`, and it throws CommanderError where it ends. */
export function programOf(version: string, outlet: Outlet, written: Written): Command {
  const program = new Command('wgcni')
    .description('Look at and steer a Wireguard CNI cluster')
    .version(version)
    .addOption(new Option('--manager <urls>', 'cluster-managers, comma separated').env('WGCNI_MANAGER'))
    .addOption(
      new Option('--socket <path>', "the node-manager's unix socket").env('WGCNI_SOCKET').default(defaultSocket),
    )
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
    // ORDER: before any command is added, which inherits both.
    .configureOutput({ writeOut: (text) => (written.out += text), writeErr: (text) => (written.err += text) })
    .exitOverride();
  const run = (work: Work, interval?: string | true): Promise<void> => {
    const isSocketSaid = program.getOptionValueSource('socket') === 'cli';
    return runWork(outlet, { ...program.opts<Said>(), isSocketSaid }, work, interval);
  };
  addLookCommands(program, run);
  addEventCommand(program, run);
  addDrainCommands(program, run);
  addNodeCommands(program, run);
  addTokenCommands(program, run);
  addClientCommands(program, run);
  addAuthorityCommands(program, run);
  addNetworkCommands(program, run);
  addPoolCommands(program, run);
  addRouteCommands(program, run);
  addDoctorCommand(program, run);
  addTopCommand(program, run);
  addShellCommands(program, version, run);
  addGraphCommand(program, run);
  addCniCommands(program, run);
  addEtcdCommands(program, run);
  return program;
}

type Run = (work: Work, interval?: string | true) => Promise<void>;

/** Commands that change nothing, so that they may be asked again and again. */
function addLookCommands(program: Command, run: Run): void {
  const looking = (name: string, about: string, work: Work): void =>
    void program
      .command(name)
      .description(about)
      .option('--watch [interval]', 'show it again and again, every 2s or as said')
      .action(({ watch }: { watch?: string | true }) => run(work, watch));
  looking(
    'status',
    'the cluster (with --manager) or one node (by --node-manager or --socket) at a glance',
    commands.status,
  );
  looking('nodes', 'nodes with liveness, subnets and endpoints', commands.nodes);
  looking('subnets', 'subnets with their holders', commands.subnets);
  looking('attachments', 'attachments of the node behind --node-manager or --socket', commands.attachments);
}

/** What becomes of nodes. */
function addNodeCommands(program: Command, run: Run): void {
  program
    .command('delete <node>')
    .description('take a node that is gone out of the mesh')
    .option('--force', 'also when it is still registered', false)
    .action((node: string, { force }: { force: boolean }) =>
      run((targets) => commands.deleteNode(targets, node, force)),
    );
  program
    .command('forget <node>')
    .description('release the subnets of a silent node before its hold-down ends')
    .action((node: string) => run((targets) => commands.forget(targets, node)));

  program
    .command('admit <node>')
    .description('take the certificates of a deleted node again, of the key by which it was known last')
    .action((node: string) => run((targets) => commands.admit(targets, node)));
}

function addCniCommands(program: Command, run: Run): void {
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
      run(({ socket, progress }) =>
        progress.during('files to be on the disk', () => installCni({ ...options, socket })),
      ),
    );
}

function addEtcdCommands(program: Command, run: Run): void {
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
        new Option('--etcd <urls>', 'etcd members, all of them, comma separated')
          .env('WGCNI_ETCD')
          .makeOptionMandatory(),
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
}
