/** Running containers through a long outage of everything that manages, and a restart of every daemon of ours in it and after it. */
import { systemClock } from '@wgcni/base';
import type { Lab } from '@wgcni/testing';
import { bringUp, type Scenario } from '../../scenario.ts';
import { addAndDelete, type Call } from './calls.ts';
import { killControlPlane, leaderElectedSince, nodesAgree } from './control-plane.ts';
import type { Figure } from './figure.ts';
import { lossFigure, type Happening } from './loss-figure.ts';
import { fallenManagers, restartManagersAlone, type Standing } from './managers-alone.ts';
import { PingStreams } from './ping-streams.ts';

/** A ping has 16 bits to count in: at 20 a second they last for 54 minutes. */
const mostMinutes = 45;
const agreeBoundMs = 10_000;
/** How long a daemon may take to end. */
const endMs = 10_000;
/** How long the pings go on after the last restart. */
const afterMs = 5_000;
const pairsPerNode = 10;

type Tell = (what: string) => void;

/** In a lab of its own, so many minutes without managers and etcd. */
export async function measureLongOutage(minutes: number): Promise<Figure[]> {
  if (!(minutes > 0 && minutes <= mostMinutes))
    throw new RangeError(`MINUTES=${minutes}: above 0, up to ${mostMinutes}`);
  const scene = await bringUp({ nodes: 2, containersPerNode: 2 });
  const containers = PingStreams.betweenContainers(scene);
  const nodes = PingStreams.betweenNodes(scene);
  try {
    await Promise.all([containers.underWay(), nodes.underWay()]);
    return await measure(scene, minutes, { containers, nodes });
  } finally {
    await Promise.all([containers.end(), nodes.end()]);
    await scene.lab.down();
  }
}

async function measure(
  scene: Scenario,
  minutes: number,
  streams: { containers: PingStreams; nodes: PingStreams },
): Promise<Figure[]> {
  const { lab } = scene;
  const happenings: Happening[] = [];
  const tell: Tell = (what) => {
    happenings.push({ atMs: systemClock.wallMs(), what });
    process.stdout.write(`${new Date().toISOString()} ${what}\n`);
  };
  const startedAt = systemClock.monotonicMs();
  tell('managers and etcd are killed');
  await killControlPlane(lab);
  const calls = await restartNodesInOutage(scene, tell);
  tell('managers are started without etcd');
  const standing = await restartManagersAlone(lab);
  await systemClock.sleep(Math.max(0, minutes * 60_000 - (systemClock.monotonicMs() - startedAt)));
  standing.failures.push(...fallenManagers(lab));
  tell('etcd is started');
  const agreedMs = await endOutage(lab);
  await restartInHealth(lab, tell);
  tell('all agree again');
  await systemClock.sleep(afterMs);
  const elapsedMs = systemClock.monotonicMs() - startedAt;
  const [containers, nodes] = await Promise.all([streams.containers.stop(), streams.nodes.stop()]);
  return [
    lossFigure({ minutes, elapsedMs, containers, nodes, happenings }),
    callsFigure(calls),
    standingFigure(standing),
    {
      name: 'nodes agree after the outage',
      value: `all, ${Math.round(agreedMs)} ms after a leader was elected`,
      isKept: agreedMs <= agreeBoundMs,
    },
  ];
}

/** Both node-managers, one asked to end and one killed, with ADD and DEL on each before and after. */
async function restartNodesInOutage(scene: Scenario, tell: Tell): Promise<Call[]> {
  const { lab } = scene;
  const calls: Call[] = [];
  for (const [index, node] of lab.plan.nodes.entries()) {
    calls.push(...(await addAndDelete(scene, node, pairsPerNode / 2)));
    await end(lab, node.id, index === 0 ? 'SIGTERM' : 'SIGKILL', tell);
    lab.startNode(node);
    await lab.nodeStatusWhere(node, ({ readiness, isViewStored }) => readiness === 'ready' && isViewStored);
    calls.push(...(await addAndDelete(scene, node, pairsPerNode / 2)));
  }
  return calls;
}

/** Resolves with the time from the election to the agreement of every node. */
async function endOutage(lab: Lab): Promise<number> {
  const backAtMs = systemClock.wallMs();
  await lab.startAllEtcd({ state: 'existing' });
  await leaderElectedSince(lab, backAtMs);
  return nodesAgree(lab);
}

/** Every daemon of ours once more, with etcd there: the managers in turn, then the node-managers, each by the other signal. */
async function restartInHealth(lab: Lab, tell: Tell): Promise<void> {
  for (const { id } of lab.plan.managers) {
    await end(lab, id, 'SIGTERM', tell);
    lab.startManager(id);
    await lab.leaderKnown();
  }
  for (const [index, node] of lab.plan.nodes.entries()) {
    await end(lab, node.id, index === 0 ? 'SIGKILL' : 'SIGTERM', tell);
    lab.startNode(node);
    await lab.nodeReady(node);
  }
  await nodesAgree(lab);
}

async function end(lab: Lab, name: string, signal: 'SIGTERM' | 'SIGKILL', tell: Tell): Promise<void> {
  tell(`${name} gets ${signal}`);
  lab.process(name).kill(signal);
  if (!(await lab.process(name).ended(endMs))) throw new Error(`${name} runs ${endMs} ms after ${signal}`);
}

function callsFigure(calls: readonly Call[]): Figure {
  const failures = calls.flatMap(({ failure }) => failure ?? []);
  return {
    name: 'ADD and DEL before and after the restarts in the outage',
    value: [`${calls.length - failures.length} of ${calls.length} succeed`, ...failures].join('; '),
    isKept: failures.length === 0,
  };
}

function standingFigure({ failures, longestEndMs }: Standing): Figure {
  const stood = `all stood until it came, and ended within ${Math.round(longestEndMs)} ms of SIGTERM before`;
  return {
    name: 'cluster-managers started while etcd is away',
    value: failures.length === 0 ? stood : failures.join('; '),
    isKept: failures.length === 0,
  };
}
