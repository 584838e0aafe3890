/** PURE: the public keys that left the mesh for a readable cause, and may be on the mesh device still. */
import type { ClusterView, KnownClient, KnownNode } from './cluster-view.ts';
import { isBarred } from './plan-clients.ts';
import type { MeshSnapshot, Tombstone } from './snapshot.ts';

/**
 * Keys that a tombstone names or a newer record replaced, and that no node and no client has now. A tombstone that was seen before is not taken up
 * again: its key may be forgotten since.
 */
export function departedKeys(
  last: ClusterView,
  { gone, revision }: MeshSnapshot,
  now: { nodes: readonly KnownNode[]; clients: readonly KnownClient[] },
): string[] {
  const inUse = new Set(
    [...now.nodes, ...now.clients.filter((client) => !isBarred(client, last.departed))].map(
      ({ publicKey }) => publicKey,
    ),
  );
  const isNew = ({ modRevision }: Tombstone): boolean => modRevision > last.revision || revision < last.revision;
  const left = [
    ...last.departed,
    ...[...last.nodes, ...(last.clients ?? [])].map(({ publicKey }) => publicKey),
    ...gone.filter((tombstone) => tombstone.kind !== 'subnet' && isNew(tombstone)).map(({ publicKey }) => publicKey),
  ];
  return [...new Set(left)].filter((key) => !inUse.has(key)).sort();
}
