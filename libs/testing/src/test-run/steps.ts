/** The steps of `make test`: what each runs, and how its outcome is told. */
import { globOf, lanes, type Lane } from './lanes.ts';

export interface Step {
  name: string;
  argv: readonly [string, ...string[]];
  /** A vitest step writes its own report of single tests; any other counts as one. */
  isVitest: boolean;
}

const bin = (name: string): string => `node_modules/.bin/${name}`;
const plain = (name: string, ...argv: [string, ...string[]]): Step => ({ name, argv, isVitest: false });

function vitest(name: string, before: readonly string[] = [], ...more: string[]): Step {
  const [project = name] = name.split(' ');
  const [program = bin('vitest'), ...rest] = [...before, bin('vitest'), 'run', '--project', project, ...more];
  return { name, argv: [program, ...rest], isVitest: true };
}

/** A network namespace without a name, so that the machine's own network stays as it is. */
const ownNamespace = ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh'];

/** Types, lint, format, boundaries, dead code and the drift of generated files. */
export const checkSteps: readonly Step[] = [
  plain('types', bin('tsc'), '-p', 'tsconfig.json'),
  // What runs in a browser knows a document, and no Node.
  plain('types of the page', bin('tsc'), '-p', 'apps/cluster-manager/src/page/browser/tsconfig.json'),
  plain('lint', bin('eslint'), '--max-warnings', '0', '.'),
  plain('format', bin('prettier'), '--check', '--log-level', 'warn', '.'),
  plain('boundaries', bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'apps', 'libs'),
  plain('dead code', bin('knip')),
  plain('openapi drift: cluster-manager', bin('tsx'), 'apps/cluster-manager/src/openapi.ts', '--check'),
  plain('openapi drift: node-manager', bin('tsx'), 'apps/node-manager/src/openapi.ts', '--check'),
  ...['cluster-manager', 'node-manager', 'wgcni'].map((app) =>
    plain(`reference drift: ${app}`, bin('tsx'), `apps/${app}/src/reference.ts`, '--check'),
  ),
  plain('metrics drift: cluster-manager', bin('tsx'), 'apps/cluster-manager/src/describe-metrics.ts', '--check'),
  plain('metrics drift: node-manager', bin('tsx'), 'apps/node-manager/src/describe-metrics.ts', '--check'),
  plain('openapi lint', bin('redocly'), 'lint', 'openapi/cluster-manager.yaml', 'openapi/node-manager.yaml'),
];

/** One of the lanes, by itself. */
const lane = (name: Lane): Step => vitest(`e2e ${name}`, ownNamespace, ...lanes[name]);

/** Of the rest of the files on whole clusters: everything that has a lane of its own. */
const leftOut = Object.values(lanes)
  .flat()
  .flatMap((path) => ['--exclude', globOf(path)]);

/**
 * Everything, in the order in which a failure is cheapest to find. What stands in one list runs side by side: the outage waits, the
 * virtual machine computes. Namespaces of their own keep the machine's network untouched.
 */
export const allSteps: readonly (readonly Step[])[] = [
  ...checkSteps.map((step) => [step]),
  [vitest('unit')],
  [vitest('simulation')],
  // What makes the green above mean something: bugs that it must notice (docs/planted-bugs.md).
  [plain('planted bugs', bin('tsx'), 'libs/testing/src/planted/main.ts', '--quick')],
  [vitest('int')],
  [vitest('root', ownNamespace)],
  // Who belongs and who does not, and who is beside the mesh, is tried beside what the mesh does for those in it.
  [vitest('e2e', ownNamespace, ...leftOut), lane('security'), lane('neighbours')],
  // They want the machine for themselves.
  [lane('nemesis')],
  [lane('releases')],
  [lane('conformance'), lane('containers'), lane('crash')],
  [
    lane('outage'),
    lane('fencing'),
    // The virtual machine can write its report only where run.sh lets it.
    { name: 'kernel', argv: ['sh', 'deploy/test-kernel/run.sh'], isVitest: true },
  ],
];
