/** PURE: whether a machine is fit to be a node, by what was read of it. */
import { bad, type Finding, ok } from './finding.ts';

export interface Machine {
  /** `uname -r`. */
  release: string;
  hasWireguardModule: boolean;
  /** Programs of the list that a node-manager starts, and whether each is in the PATH. */
  programs: ReadonlyMap<string, boolean>;
  links: readonly { name: string; mtu: number; isUp: boolean }[];
  /** Names of the links of default routes. */
  uplinks: readonly string[];
  /** UDP ports that are bound in this network namespace. */
  udpPorts: ReadonlySet<number>;
  /** Chains of the packet filters of both families; undefined when they could not be read. */
  chains: readonly string[] | undefined;
  /** Files in the runtimes' directory of network configurations. */
  cniFiles: readonly string[];
}

/** Debian packages of the programs without which a node-manager does not start. */
export const neededPrograms: ReadonlyMap<string, string> = new Map([
  ['ip', 'iproute2'],
  ['wg', 'wireguard-tools'],
  ['nft', 'nftables'],
  ['iptables', 'iptables'],
  ['nsenter', 'util-linux'],
  ['fping', 'fping'],
  ['wireguard-go', 'wireguard-go'],
]);
/** Fewer tools mean less, not nothing. */
const helpful: ReadonlyMap<string, string> = new Map([
  ['fping', 'paths and tunnels are not tried'],
  ['wireguard-go', 'only needed where the kernel has no WireGuard'],
]);

/** What other CNIs leave, by the beginning of a link's or chain's name. */
const strangers: readonly (readonly [name: string, link: RegExp, chain: RegExp])[] = [
  ['flannel', /^flannel/, /^FLANNEL/],
  ['Calico', /^(cali|vxlan\.calico|tunl0$)/, /^cali-/],
  ['Cilium', /^(cilium_|lxc_health)/, /^CILIUM/],
  ['Weave', /^(weave|vethwe)/, /^WEAVE/],
  ['a bridge of the reference plugins', /^cni[0-9]+$/, /^CNI-FORWARD$/],
];

export function judgeMachine(machine: Machine, isNodeRunning: boolean): Finding[] {
  return [kernel(machine), ...programs(machine), loopback(machine), ...leftovers(machine, isNodeRunning)];
}

function kernel({ release, hasWireguardModule, programs: found }: Machine): Finding {
  if (hasWireguardModule) return ok('kernel', `${release}, with WireGuard`);
  if (found.get('wireguard-go') === true)
    return bad(
      ...(['kernel', 'attention', `${release} has no WireGuard: tunnels run in userspace, which is slow`] as const),
      'load the module (modprobe wireguard), or take a kernel that has it (5.6 or later)',
    );
  return bad(
    'kernel',
    'fault',
    `${release} has no WireGuard, and there is no wireguard-go`,
    'modprobe wireguard, or install wireguard-go',
  );
}

function programs({ programs: found }: Machine): Finding[] {
  const missing = [...neededPrograms].filter(([name]) => found.get(name) !== true);
  const needed = missing.filter(([name]) => !helpful.has(name));
  const findings: Finding[] =
    needed.length === 0
      ? [
          ok(
            'programs',
            [...neededPrograms.keys()].filter((name) => !missing.some(([other]) => other === name)).join(' '),
          ),
        ]
      : [
          bad(
            ...(['programs', 'fault', `missing: ${needed.map(([name]) => name).join(', ')}`] as const),
            `apt-get install ${needed.map(([, pkg]) => pkg).join(' ')}`,
          ),
        ];
  if (missing.some(([name]) => name === 'fping'))
    findings.push(bad('programs', 'attention', `no fping: ${helpful.get('fping') ?? ''}`, 'apt-get install fping'));
  return findings;
}

function loopback({ links }: Machine): Finding {
  if (links.some(({ name, isUp }) => name === 'lo' && isUp)) return ok('loopback', 'up');
  return bad('loopback', 'fault', 'lo is down: containers reach their node over it', 'ip link set lo up');
}

function leftovers({ links, chains, cniFiles }: Machine, isNodeRunning: boolean): Finding[] {
  const found: Finding[] = [];
  for (const [name, link, chain] of strangers) {
    const traces = [
      ...links.filter((one) => link.test(one.name)).map((one) => `device ${one.name}`),
      ...(chains ?? []).filter((one) => chain.test(one)).map((one) => `chain ${one}`),
    ];
    if (traces.length > 0)
      found.push(
        bad(
          ...(['other CNIs', 'attention', `of ${name}: ${[...new Set(traces)].slice(0, 4).join(', ')}`] as const),
          'remove what is not used any more: it may hold routes and rules for the same addresses',
        ),
      );
  }
  const ours = cniFiles.find((file) => /wireguard-cni/.test(file));
  const first = [...cniFiles].sort()[0];
  if (ours !== undefined && first !== undefined && first !== ours)
    found.push(
      bad(
        ...([
          'CNI configuration',
          'attention',
          `${first} stands before ${ours}: containerd and CRI-O use the first file only`,
        ] as const),
        'remove or rename it',
      ),
    );
  const left = links.filter(({ name }) => name.startsWith('wgcni-')).map(({ name }) => name);
  if (!isNodeRunning && left.length > 0)
    found.push(
      bad(
        ...([
          'own devices',
          'attention',
          `no node-manager answers, and its devices are there: ${left.slice(0, 4).join(', ')}`,
        ] as const),
        'start it: it goes on with them; or node-manager --teardown',
      ),
    );
  if (chains === undefined)
    found.push(bad('packet filter', 'unknown', 'its chains cannot be read', 'run this as root'));
  return found.length === 0 ? [ok('leftovers', 'none of other CNIs')] : found;
}

/** The UDP ports of a node; while its node-manager runs they are its own. */
export function judgePorts(
  { udpPorts }: Pick<Machine, 'udpPorts'>,
  ports: { mesh: number; pods: number },
  isNodeRunning: boolean,
): Finding {
  const taken = Object.values(ports).filter((port) => udpPorts.has(port));
  if (isNodeRunning) {
    const missing = Object.values(ports).filter((port) => !udpPorts.has(port));
    if (missing.length === 0) return ok('UDP ports', `${ports.mesh} and ${ports.pods} are bound`);
    return bad(
      'UDP ports',
      'fault',
      `nothing listens on ${missing.join(', ')}`,
      'look at wgcni status: a device is missing; or say which ports with --mesh-port, --pod-port',
    );
  }
  if (taken.length === 0) return ok('UDP ports', `${ports.mesh} and ${ports.pods} are free`);
  return bad(
    'UDP ports',
    'fault',
    `${taken.join(', ')} taken by somebody else`,
    'end it, or choose others with --mesh-port, --pod-port',
  );
}
