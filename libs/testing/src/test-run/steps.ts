/** The steps of `make test`: what each runs, and how its outcome is told. */

export interface Step {
  name: string;
  argv: readonly [string, ...string[]];
  /** A vitest step writes its own report of single tests; any other counts as one. */
  isVitest: boolean;
}

const bin = (name: string): string => `node_modules/.bin/${name}`;
const plain = (name: string, ...argv: [string, ...string[]]): Step => ({ name, argv, isVitest: false });

function vitest(name: string, before: readonly string[] = []): Step {
  const [program = bin('vitest'), ...rest] = [...before, bin('vitest'), 'run', '--project', name];
  return { name, argv: [program, ...rest], isVitest: true };
}

/** A network namespace without a name, so that the machine's own network stays as it is. */
const ownNamespace = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/** Types, lint, format, boundaries, dead code and the drift of generated files. */
export const checkSteps: readonly Step[] = [
  plain('types', bin('tsc'), '-p', 'tsconfig.json'),
  plain('lint', bin('eslint'), '--max-warnings', '0', '.'),
  plain('format', bin('prettier'), '--check', '--log-level', 'warn', '.'),
  plain('boundaries', bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'apps', 'libs'),
  plain('dead code', bin('knip')),
  plain('openapi drift: cluster-manager', bin('tsx'), 'apps/cluster-manager/src/openapi.ts', '--check'),
  plain('openapi drift: node-manager', bin('tsx'), 'apps/node-manager/src/openapi.ts', '--check'),
  plain('openapi lint', bin('redocly'), 'lint', 'openapi/cluster-manager.yaml', 'openapi/node-manager.yaml'),
];

/** Everything, in the order in which a failure is cheapest to find. Namespaces of their own keep the machine's network untouched. */
export const allSteps: readonly Step[] = [
  ...checkSteps,
  vitest('unit'),
  vitest('int'),
  vitest('root', ownNamespace),
  vitest('e2e', ownNamespace),
  // The kernel's WireGuard, in a virtual machine that can write its report only where run.sh lets it.
  { name: 'kernel', argv: ['sh', 'deploy/test-kernel/run.sh'], isVitest: true },
];
