/** PURE: which reconcilers a change of the view concerns; each look at the kernel starts processes, and most changes are of other nodes. */
import { desiredMesh } from '../mesh/desired-mesh.ts';
import type { ClusterView } from './cluster-view.ts';
import { nodeViewOf } from './node-view-of.ts';

export type Concern = 'mesh' | 'pods' | 'host';

/** What each works by: the very thing that it asks of the view. */
const worksBy: Record<Concern, (view: ClusterView) => unknown> = {
  mesh: desiredMesh,
  pods: (view) => [view.hasJoined, nodeViewOf(view)],
  host: (view) => nodeViewOf(view)?.pools,
};

/** Those that would want something else after the change than before it. */
export function concernsOf(before: ClusterView, after: ClusterView): Concern[] {
  return (Object.keys(worksBy) as Concern[]).filter(
    (one) => textOf(worksBy[one](before)) !== textOf(worksBy[one](after)),
  );
}

function textOf(value: unknown): string | undefined {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof Map || part instanceof Set) return [...(part as Iterable<unknown>)];
    return typeof part === 'bigint' ? String(part) : part;
  });
}
