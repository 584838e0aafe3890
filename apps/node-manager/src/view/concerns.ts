/** PURE: which reconcilers a change of the view concerns; each look at the kernel starts processes, and most changes are of other nodes. */
import { leavingOf } from '../host/plan-masquerade.ts';
import { farContainers, farSources } from '../direct/far-containers.ts';
import { desiredMesh } from '../mesh/desired-mesh.ts';
import { policyOf } from '../policy/policy-of.ts';
import type { ClusterView } from './cluster-view.ts';
import { nodeViewOf } from './node-view-of.ts';

export type Concern = 'mesh' | 'pods' | 'host' | 'direct';

/** What each works by: the very thing that it asks of the view. */
const worksBy: Record<Concern, (view: ClusterView) => unknown> = {
  mesh: desiredMesh,
  pods: (view) => [view.hasJoined, nodeViewOf(view)],
  host: (view) => [
    ...[nodeViewOf(view)?.pools, nodeViewOf(view)?.clientPools, policyOf(view)],
    ...[leavingOf(view, { masquerade: undefined, egressSources: [] }), farSources(view)],
  ],
  direct: (view) => [view.network?.direct, farContainers(view)],
};

type Texts = Record<Concern, string | undefined>;

/** What was asked of a view that still is one: after a change it is the one before the next. */
const known = new WeakMap<ClusterView, Texts>();

/** Those that would want something else after the change than before it. */
export function concernsOf(before: ClusterView, after: ClusterView): Concern[] {
  const [one, other] = [textsOf(before), textsOf(after)];
  return (Object.keys(worksBy) as Concern[]).filter((concern) => one[concern] !== other[concern]);
}

function textsOf(view: ClusterView): Texts {
  const { mesh, pods, host, direct } = worksBy;
  const texts = known.get(view) ?? {
    mesh: textOf(mesh(view)),
    pods: textOf(pods(view)),
    host: textOf(host(view)),
    direct: textOf(direct(view)),
  };
  known.set(view, texts);
  return texts;
}

function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Map || part instanceof Set) return [...(part as Iterable<unknown>)];
    return typeof part === 'bigint' ? String(part) : part;
  });
}
