/** PURE: whether a client can be told whom to dial: not while nodes are missing that may well be there. */
import { CatalogueError } from '@wgcni/base';
import type { ClientRecord } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';

/**
 * FENCE: a client lets a node go that its configuration does not name, and a route that it does not have. Throws CatalogueError `cluster.recovering` while nodes register again, `record.unreadable`
 * for a node of which this replica has read nothing, and of which the configuration says something.
 */
export function refuseIncomplete(
  { keys, nodes }: ClusterState,
  { via, allowedIps }: Pick<ClientRecord, 'via' | 'allowedIps'>,
  isRecovering: boolean,
): void {
  if (isRecovering)
    throw new CatalogueError(
      'cluster.recovering',
      'the store has lost history: nodes may be missing in a configuration',
      {
        remedy: 'keep the one that is there, and ask again when the nodes have registered, in a minute or two',
      },
    );
  // Where the client says what it sends to its one node, nothing comes from the others; else their approved routes are named too.
  const isOfOne = via !== null && allowedIps !== null;
  const lost = [...nodes.quarantined.keys()].find(
    (key) => nodes.get(key) === undefined && (!isOfOne || key === keys.node(via)),
  );
  if (lost === undefined) return;
  const nodeId = lost.slice(keys.nodes.length);
  throw new CatalogueError(
    'record.unreadable',
    `the record of the node ${nodeId} cannot be read: ${nodes.quarantined.get(lost)}`,
    {
      remedy:
        'keep the configuration that is there; update this cluster-manager if a newer one wrote the record, else mend it in etcd',
    },
  );
}
