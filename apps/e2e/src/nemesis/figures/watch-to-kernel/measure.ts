/** From the moment at which a watch on etcd hears of a change to the routes in the kernels of 20 nodes. */
import { setPriority } from 'node:os';
import { systemClock } from '@wgcni/base';
import { keysOf } from '@wgcni/store';
import type { Lab } from '@wgcni/testing';
import { SeededRandom } from '../../../crash/random.ts';
import { bringUp } from '../../../scenario.ts';
import { converge } from '../../observe/converge.ts';
import type { Figure } from '../figure.ts';
import { churn } from './churn.ts';
import { lagsOf, type Lags } from './lags.ts';
import { quantile } from './quantile.ts';
import { RouteMonitor } from './route-monitor.ts';
import { StoreWatch } from './store-watch.ts';

const nodes = 20;
const changesPerRound = 15;
/** A change that a kernel does not have by then is missing. */
const patienceMs = 10_000;
const bounds = { p50: 150, p99: 1_000 };

/** In a lab of its own: 20 node-managers with their devices, three managers, three members of etcd. */
export async function measureWatchToKernel(rounds: number): Promise<Figure[]> {
  const { lab } = await bringUp({ nodes, containersPerNode: 0 });
  try {
    return [await measure(lab, rounds * changesPerRound)];
  } finally {
    await lab.down();
  }
}

async function measure(lab: Lab, changes: number): Promise<Figure> {
  // The clocks at both ends must not wait for the nodes that they measure, which have more to do than this machine has processors.
  setPriority(-15);
  const { plan } = lab;
  const watch = new StoreWatch(lab);
  const monitors = plan.nodes.map((node) => new RouteMonitor(node));
  try {
    await converge(lab, watch.store, { patienceMs: 60_000, steadyMs: 2_000 });
    await watch.start(keysOf(plan.cluster).mesh);
    const made = await churn(lab, new SeededRandom(1), changes);
    await systemClock.sleep(patienceMs);
    const routes = new Map(monitors.map((monitor) => [monitor.nodeId, monitor.events()]));
    const lags = lagsOf(made, { heard: watch.heard, routes }, patienceMs);
    const { differences, convergedMs } = await converge(lab, watch.store, { patienceMs, steadyMs: 0 });
    return figureOf(lags, made.length, convergedMs === null ? differences : []);
  } finally {
    await Promise.all(monitors.map((monitor) => monitor.stop()));
    await watch.stop();
  }
}

function figureOf({ fromWatchMs, fromRequestMs, missing }: Lags, changes: number, differences: string[]): Figure {
  const [p50, p99] = [quantile(fromWatchMs, 0.5), quantile(fromWatchMs, 0.99)];
  const isWhole = missing.length === 0 && fromWatchMs.length === nodes * changes && differences.length === 0;
  const lost = [...missing, ...differences].slice(0, 5).join('; ');
  return {
    name: `watch to kernel on ${nodes} nodes`,
    value:
      `${shares(fromWatchMs)} of ${fromWatchMs.length} (${changes} changes of routes), ${missing.length} missing, ` +
      `${differences.length} differences at rest${lost === '' ? '' : `: ${lost}`}; from the request on: ${shares(fromRequestMs)}`,
    isKept: isWhole && p50 <= bounds.p50 && p99 <= bounds.p99,
  };
}

function shares(values: readonly number[]): string {
  const [least, p50, p99, most] = [0, 0.5, 0.99, 1].map((of) => Math.round(quantile(values, of)));
  return `p50 ${p50} ms, p99 ${p99} ms, max ${most} ms, min ${least} ms`;
}
