/** Every way from a container of a lab to etcd, to a cluster-manager, and to what is neither. */
import type { Lab, NodePlan, Place } from '@wgcni/testing';
import { inside } from './inside.ts';
import { dial, listen, type Outcome } from './tcp-probe.ts';

/** Who redirects to the control plane from here is the host itself. */
const redirected = { address: '203.0.113.9', port: 99 };
/** Of a server that is nobody's business. */
const otherPort = 9_099;

export interface Way {
  name: string;
  from: string;
  address: string;
  port: number;
}

/** Ports and addresses of one lab: the manager's URL has IPv4, and the test gives its nodes one with IPv6 too. */
export interface Ways {
  /** To the control plane. */
  closed: Way[];
  /** To everything else. */
  open: Way[];
}

/** What the node redirects for others, as an engine does that publishes a container's port; servers wherever a way leads, and a rule that lets containers to their nodes' services: not to the control plane. */
export async function openWays(lab: Lab, node: NodePlan, managerPort: number): Promise<() => Promise<void>> {
  const { plan } = lab;
  const redirect = ['iptables', '--table', 'nat', '--append', 'PREROUTING', '--protocol', 'tcp'];
  const toManager = `${plan.control.v4}:${managerPort}`;
  const { address, port } = redirected;
  const nat = ['--jump', 'DNAT', '--to-destination'];
  await inside(node.netnsPath, [...redirect, '--destination', address, '--dport', String(port), ...nat, toManager]);
  const published = ['--destination', node.underlay.v4, '--dport', String(managerPort)];
  await inside(node.netnsPath, [...redirect, ...published, ...nat, `${plan.control.v4}:${otherPort}`]);
  await openServices(lab);
  const ends = [
    await listen([managerPort], { host: plan.control.v6 }),
    await listen([otherPort]),
    await listen([managerPort, otherPort], { netnsPath: node.netnsPath }),
  ];
  return async () => {
    for (const end of ends) await end();
  };
}

async function openServices(lab: Lab): Promise<void> {
  const manager = lab.managerClient();
  await manager.putRule('services', { from: ['containers'], to: ['node'], protocol: 'any', ports: [] });
  await manager.close();
  for (const node of lab.plan.nodes)
    await lab.nodeStatusWhere(node, ({ policy }) => policy?.rules.some(({ name }) => name === 'services') === true);
}

/** From a container of `node` and from one of another node. */
export function waysOf(
  { plan }: Lab,
  node: NodePlan,
  [own, other]: readonly [Place, Place],
  gateways: readonly string[],
): Ways {
  const port = (url = ''): number => Number(new URL(url).port);
  const [etcd, manager] = [port(plan.etcd[0]?.clientUrl), port(plan.managers[0]?.url)];
  const { v4, v6 } = plan.control;
  const way = (name: string, from: Place, address: string, to: number): Way => {
    return { name: `${name} (${address}:${to})`, from: from.netnsPath, address, port: to };
  };
  const here = [...gateways, node.underlay.v4, node.underlay.v6];
  return {
    closed: [
      way('etcd', own, v4, etcd),
      ...[v4, v6].map((address) => way('manager', own, address, manager)),
      way('manager, by a redirection of the host', own, redirected.address, redirected.port),
      // Of these the one to the underlay's IPv4 address is redirected, as to a published port.
      ...here.map((address) => way('manager on its own node', own, address, manager)),
      ...gateways.map((address) => way('manager on another node', other, address, manager)),
    ],
    open: [
      ...[v4, v6, ...gateways].map((address) => way('another server', own, address, otherPort)),
      ...gateways.map((address) => way('another server on another node', other, address, otherPort)),
    ],
  };
}

/** Goes all the ways at once; each with what became of it. */
export async function go(ways: readonly Way[]): Promise<Record<string, Outcome>> {
  const outcomes = ways.map(async ({ name, from, address, port }) => [name, await dial(from, address, port)] as const);
  return Object.fromEntries(await Promise.all(outcomes));
}

/** What `go` answers when all end alike. */
export function all(ways: readonly Way[], outcome: Outcome): Record<string, Outcome> {
  return Object.fromEntries(ways.map(({ name }) => [name, outcome]));
}
