/** PURE: what a node does about the answer to its registration or renewal (design §4.10, §5). */
import type { CatalogueError } from '@wgcni/base';

export type NextStep =
  /** Ask again after a delay. */
  | 'retry'
  /** Another instance of this node id is alive: not ready; one that never was registered asks again, until that registration has lapsed. */
  | 'duplicate'
  /** The node was deleted: evacuate, never register again by itself. */
  | 'deleted'
  /** The registration is not known as ours: register again. */
  | 'register'
  /** Another instance has taken over, or joined under this name with another key: fence at once and stop. */
  | 'superseded';

/** After a refused registration. */
export function afterRefusedRegistration(error: CatalogueError): Exclude<NextStep, 'register'> {
  // FENCE: whoever joined with another key owns the node id, whether or not this instance was ever registered.
  if (error.code === 'identity.replaced') return 'superseded';
  if (error.code === 'node.registered' || error.code === 'node.duplicate') return 'duplicate';
  return error.code === 'node.deleted' || error.code === 'identity.deleted' ? 'deleted' : 'retry';
}

/** After a refused renewal. */
export function afterRefusedRenewal(error: CatalogueError): Exclude<NextStep, 'duplicate'> {
  switch (error.code) {
    case 'registration.gone':
    case 'node.unknown':
      return 'register';
    // FENCE: the renewal of an old instance (design §4.10).
    case 'node.registered':
    case 'node.duplicate':
    case 'identity.replaced':
      return 'superseded';
    case 'node.deleted':
    case 'identity.deleted':
      return 'deleted';
    default:
      return 'retry';
  }
}
