/** PURE: options are written only once every node that is registered says that it reads them: one that ignores them lets through what others deny. */
import type { RegisterInput } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { chosenOptions, type NetworkOptions } from '@wgcni/ipam';
import { clusterDirectSchema, type NetworkRecord, optionsSchema } from '@wgcni/store';
import type { ClusterState } from '../state/cluster-state.ts';

/**
 * Throws CatalogueError `node.too-old`, naming node, version and options, when a registered node would ignore what `after` chooses, and `before` did not, or may. What is chosen can
 * be changed and taken away whoever is registered: a rule that lets somebody in goes at once.
 */
export function refuseUnread(state: ClusterState, before: NetworkRecord, after: NetworkRecord): void {
  const was = chosenOptions(before);
  // A value that came later is chosen by itself: who reads `direct` need not know that one.
  const isCluster = after.direct === 'cluster' && before.direct !== 'cluster';
  const chosen = chosenOptions(after).filter((name) => !was.includes(name) || (name === 'direct' && isCluster));
  const [field] = chosen;
  if (field === undefined) return;
  const [unreadable] = state.registrations.quarantined;
  const needed = schemaOf(chosen, after);
  // Where anything is chosen nobody is registered who does not read options (`refuseReader`), whatever can be read of its registration.
  if (unreadable !== undefined && (was.length === 0 || needed > optionsSchema))
    throw unreadableReader(state, unreadable, field);
  const old = state.registrations.all().find(({ record }) => record.readableSchema < needed);
  if (old === undefined) return;
  const { nodeId, version, readableSchema } = old.record;
  throw new CatalogueError(
    'node.too-old',
    `${nodeId} is registered by version ${version}, which does not read ${chosen.join(', ')} of the network (it reads schema ${readableSchema}, not ${needed})`,
    {
      field,
      remedy: `upgrade the node-manager of ${nodeId} and of every other node first (GET /v1/nodes shows their versions)`,
    },
  );
}

/** Throws CatalogueError `node.too-old` for a node that would ignore what is chosen of the network, as one does that was silent meanwhile. */
export function refuseReader(network: NetworkRecord, { version, readableSchema }: RegisterInput): void {
  const unread = chosenOptions(network);
  const needed = schemaOf(unread, network);
  // Where the value of one is new, who knows the others says so of it alone.
  const chosen = readableSchema >= optionsSchema ? unread.filter((name) => name === 'direct') : unread;
  if (chosen.length === 0 || readableSchema >= needed) return;
  throw new CatalogueError(
    'node.too-old',
    `version ${version} of the node-manager does not read ${chosen.join(', ')} of the network (it reads schema ${readableSchema}, not ${needed})`,
    {
      field: 'readableSchema',
      remedy: 'upgrade this node-manager, or set these options back to their defaults first (wgcni network set)',
    },
  );
}

/** What nobody can read may be of a version that reads nothing of it. */
function unreadableReader({ keys }: ClusterState, [key, why]: [string, string], field: string): CatalogueError {
  const nodeId = key.slice(keys.registrations.length);
  return new CatalogueError(
    'node.too-old',
    `the registration of ${nodeId} cannot be read (${why}): nobody knows whether it reads ${field} of the network`,
    {
      field,
      remedy: `upgrade the cluster-managers if a newer one wrote it, or stop the node-manager of ${nodeId} until its registration has ended`,
    },
  );
}

/** What a node must be able to read to work by these options. */
function schemaOf(chosen: readonly (keyof NetworkOptions)[], { direct }: NetworkRecord): number {
  return chosen.includes('direct') && direct === 'cluster' ? clusterDirectSchema : optionsSchema;
}
