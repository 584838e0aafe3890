/**
 * Which tests on whole clusters run in a lane of their own: paths of files and folders by lane. What no lane names is the step `e2e`.
 * Lanes that run side by side must not share anything on the machine but its processors; each has a network namespace of its own.
 */

const lane = (...paths: string[]): string[] => paths.map((path) => `apps/e2e/src/${path}`);

export const lanes = {
  /** Certificates, tokens, roles, units and keys: much of it waits until something ends. */
  security: lane(
    ...['secure.test.ts', 'etcd-access.test.ts', 'insecure.test.ts', 'node-listener.test.ts', 'bad-flags.test.ts'],
    ...['joining', 'key-scan', 'systemd/units.test.ts', 'systemd/etcd-unit.test.ts'],
  ),
  /** Who dials in or is reached beside the mesh: clients, rules, the other link, offered networks, peers of other nodes, tunnels by hand. */
  neighbours: lane(
    ...['clients', 'isolation', 'veth.test.ts', 'offered-routes.test.ts', 'direct/cluster.test.ts', 'examples.test.ts'],
  ),
  /** What keeps both processors busy and counts milliseconds: faults on a whole cluster under load, and twenty who call each other. */
  nemesis: lane('nemesis/nemesis.test.ts', 'direct/churn.test.ts', 'direct/silences.test.ts'),
  /** Three booted machines, installed and upgraded under traffic of which nothing may be lost. */
  releases: lane('systemd/release.test.ts'),
  /** Every case of the CNI, on a crowded node. */
  conformance: lane(
    ...['conformance/conformance.test.ts', 'conformance/host-state.test.ts'],
    ...['conformance/proper-answer.test.ts', 'conformance/run-suite.test.ts'],
  ),
  /** Real runtimes, the other link, and anything at all. */
  containers: lane('runtimes', 'conformance/conformance-veth.test.ts', 'fuzz.test.ts'),
  /** Kills at every step, and reboots. */
  crash: lane('crash'),
  /** The two minutes in which nothing may happen: pings without a control plane. */
  outage: lane('outage.test.ts'),
  /** Hold-downs that are waited for. */
  fencing: lane('fencing'),
};

export type Lane = keyof typeof lanes;

/** The glob that leaves the path out; vitest takes parts of paths to take, and globs to leave out. */
export function globOf(path: string): string {
  return path.endsWith('.ts') ? path : `${path}/**`;
}
