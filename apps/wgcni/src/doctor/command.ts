/** `wgcni doctor`: looks at this machine, and at whom a node needs, and says what to do. */
import type { NodeStatus } from '@wgcni/api';
import { toCatalogueError } from '@wgcni/base';
import type { Command } from 'commander';
import { Option } from 'commander';
import { clusterAdvice } from '../advice/cluster-advice.ts';
import type { Advice } from '../advice/advice.ts';
import { nodeAdvice } from '../advice/node-advice.ts';
import { lifeShownBy } from '@wgcni/pki';
import { readClusterStatus } from '../cluster-status.ts';
import type { Answer } from '../answer.ts';
import { completed } from '../earlier-status.ts';
import { type Targets, withManager, withNode } from '../targets.ts';
import { askEtcd, askManagers } from './ask-servers.ts';
import { bad, type Finding, ok, showFindings } from './finding.ts';
import { judgeMachine, judgePorts } from './judge-machine.ts';
import { judgeMtu, meshMtu } from './judge-mtu.ts';
import { judgeEtcd, judgeManagers, judgeUntold } from './judge-servers.ts';
import { readMachine } from './read-machine.ts';
import { whoAsks } from './who-asks.ts';

interface DoctorFlags {
  etcd?: string;
  confDir: string;
  dataDir: string;
  meshPort: string;
  podPort: string;
}

export function addDoctorCommand(
  program: Command,
  run: (work: (targets: Targets) => Promise<Answer>) => Promise<void>,
): void {
  program
    .command('doctor')
    .description('look at this machine and at whom a node needs, and say what to do: status 1 if something is wrong')
    .addOption(new Option('--etcd <urls>', 'etcd members, comma separated').env('WGCNI_ETCD'))
    .addOption(
      new Option('--data-dir <path>', "the node-manager's, for its certificate where no --tls-cert is said")
        .env('WGCNI_DATA_DIR')
        .default('/var/lib/wgcni'),
    )
    .option('--conf-dir <path>', 'where runtimes look for network configurations', '/etc/cni/net.d')
    .addOption(new Option('--mesh-port <port>', 'UDP port for other nodes').env('WGCNI_MESH_PORT').default('51820'))
    .addOption(new Option('--pod-port <port>', 'UDP port for containers').env('WGCNI_POD_PORT').default('51821'))
    .action((flags: DoctorFlags) => run((targets) => doctor(targets, flags)));
}

async function doctor(targets: Targets, flags: DoctorFlags): Promise<Answer> {
  const { progress } = targets;
  const [machine, node, servers, cluster] = await Promise.all([
    progress.during('this machine', () => readMachine(flags.confDir)),
    nodeStatus(targets),
    judgedServers(targets, flags),
    judgedCluster(targets),
  ]);
  const ports = { mesh: Number(flags.meshPort), pods: Number(flags.podPort) };
  const isRunning = node !== undefined;
  const findings = [
    ...judgeMachine(machine, isRunning),
    judgePorts(machine, ports, isRunning),
    ...judgeMtu(machine, meshMtu({ ofNode: node?.mtu.network, ofCluster: cluster.mtu, links: machine.links })),
    ...servers,
    ...cluster.findings,
    ...(node === undefined
      ? [
          bad(
            'node-manager',
            'attention',
            `none answers at ${targets.nodeManager ?? targets.socket}`,
            'start it, or say --socket; on a machine that is no node this is as it should be',
          ),
        ]
      : about('node', nodeAdvice(node), `${node.nodeId} is ${node.readiness}`)),
  ];
  return { value: findings, text: showFindings(findings), isFaulty: findings.some(({ state }) => state === 'fault') };
}

/** Undefined when no node-manager answers here. */
async function nodeStatus(targets: Targets): Promise<NodeStatus | undefined> {
  return withNode(targets, (client) => client.status()).then(completed, () => undefined);
}

async function judgedServers(targets: Targets, { etcd, dataDir }: DoctorFlags): Promise<Finding[]> {
  const managers = urlsIn(targets.manager);
  const members = urlsIn(etcd);
  if (managers.length === 0)
    return [bad('cluster-manager', 'unknown', 'none is named', 'give --manager or set WGCNI_MANAGER')];
  let credentials;
  try {
    credentials = await whoAsks(targets, managers, dataDir);
  } catch (thrown) {
    const { message, remedy = '' } = toCatalogueError(thrown);
    return [bad('certificate', 'unknown', message, remedy)];
  }
  if (credentials === undefined)
    return [
      bad('cluster-manager', 'unknown', 'asked without a certificate', 'give --tls-cert, --tls-key and --tls-ca'),
    ];
  const [asked, askedEtcd] = await Promise.all([
    targets.progress.during('each cluster-manager', () => askManagers(managers, credentials)),
    targets.progress.during('each etcd member', () => askEtcd(members, credentials)),
  ]);
  const unknown =
    members.length > 0 ? [] : [bad('etcd', 'unknown', 'no member is named', 'give --etcd or set WGCNI_ETCD')];
  // Loaded when it is asked for: etcd's client would delay every other command.
  const { knownBypass } = await import('@wgcni/store');
  return [...judgeManagers(asked), ...judgeEtcd(askedEtcd, knownBypass), ...unknown];
}

/** What the cluster says of itself. */
async function judgedCluster(targets: Targets): Promise<{ findings: Finding[]; mtu?: number }> {
  if (targets.manager === undefined) return { findings: [] };
  return withManager(targets, (client, credentials) =>
    readClusterStatus(client, credentials && ((url) => lifeShownBy(url, credentials))),
  ).then(
    (status) => {
      const well = `${status.nodes.length} nodes, led by ${status.leader.leader?.replicaId ?? 'nobody'}`;
      return { findings: about('cluster', clusterAdvice(status), well), mtu: status.network.mtu };
    },
    (thrown: unknown) => ({ findings: [judgeUntold(thrown)] }),
  );
}

function about(check: string, advice: readonly Advice[], well: string): Finding[] {
  if (advice.length === 0) return [ok(check, well)];
  return advice.map(({ level, what, remedy }) => bad(check, level, what, remedy));
}

function urlsIn(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(',').map((url) => url.trim());
}
