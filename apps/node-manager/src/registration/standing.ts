/** PURE: where this node stands with the cluster, and whether it may give out addresses by that. */
import type { readiness } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import type { ClusterView } from '../view/cluster-view.ts';
import type { Identity } from './identity.ts';

/** What the last answer of the cluster-managers was; `unreachable`: there was none, or one that says to try again. */
export type Standing =
  | { kind: 'starting'; why: string }
  | { kind: 'registered' }
  | { kind: 'unreachable'; why: string }
  | { kind: 'duplicate'; why: string }
  | { kind: 'superseded'; why: string }
  | { kind: 'deleted' };

/** How the node stands now: written by the registration, read by whoever decides or shows. */
export interface StandingBoard {
  standing: Standing;
  isDraining: boolean;
}

/** Where a node stands before anybody was asked, by what its data directory remembers. */
export function standingAtStart({ nodeId, isDeleted, isSuperseded }: Identity): Standing {
  if (isDeleted) return { kind: 'deleted' };
  if (isSuperseded) return { kind: 'superseded', why: duplicateWords(nodeId, 'so it was told in an earlier run') };
  return { kind: 'starting', why: 'it has not been answered yet' };
}

/** What an instance is told whose node id another one is registered under. */
export function duplicateWords(nodeId: string, why: string): string {
  const remedy = `if that instance is gone for good, start this one with --take-over (and --join, if its certificate is not taken any more: a token of "wgcni token create --node ${nodeId}"); if two machines are called ${nodeId}, give this one another --node-id`;
  return `another instance is registered as node "${nodeId}" (${why}): ${remedy}`;
}

type Readiness = (typeof readiness)[number];

export interface Circumstances {
  standing: Standing;
  isDraining: boolean;
  view: ClusterView;
  /** Whether what runs on this node already is known: an address must not be given twice. */
  isAccounted: boolean;
  /** Whether the packet filter was set since the network is known: what a container sends first must be let through and masqueraded. */
  isHostKept: boolean;
  /** Why the host could not be made right last, if it could not. */
  hostFailure?: string | undefined;
  /** Why the node is fenced for lack of contact, given the hold-down; undefined when it is not. */
  fenceReason: (holdDownMs: number) => string | undefined;
}

export type Judgement = { readiness: 'ready'; refusal: undefined } | { readiness: Readiness; refusal: CatalogueError };

/** Whether ADD is served now; the refusal says why not and what to do. */
export function judge(circumstances: Circumstances): Judgement {
  const { standing, isDraining, view, fenceReason } = circumstances;
  if (standing.kind === 'deleted') {
    return refused('deleted', 'node.unavailable', 'this node was deleted from the cluster', {
      remedy: 'remove it with --teardown, or start it with --take-over to have it join again',
    });
  }
  if (standing.kind === 'duplicate' || standing.kind === 'superseded') {
    // SPEC: CNI 1.1 STATUS: the same code as STATUS has: the configuration is not at fault.
    return refused('duplicate', 'node.unavailable', standing.why, {
      remedy: 'stop the other instance, or give this node an id of its own with --node-id',
    });
  }
  const { network, grants, refused: overlapping } = view;
  if (network === null) {
    const why = 'why' in standing ? `: ${standing.why}` : '';
    return refused('starting', 'node.unavailable', `this node has not been registered yet${why}`);
  }
  if (isDraining) {
    return refused('draining', 'node.unavailable', 'this node is draining', {
      remedy: 'attach elsewhere, or run "wgcni undrain"',
    });
  }
  const usable = grants.filter(({ cidr }) => !overlapping.some((one) => one.cidr === cidr));
  if (usable.length === 0) return withoutGrant(standing, overlapping);
  const unready = whyUnready(circumstances);
  if (unready !== undefined) return unready;
  const fence = fenceReason(network.holdDownSec * 1_000);
  if (fence === undefined) return { readiness: 'ready', refusal: undefined };
  return refused('fenced', 'node.fenced', fence, { remedy: 'bring back a cluster-manager that this node can reach' });
}

/** What has to be done once after a start, and is not yet. */
function whyUnready({ isAccounted, isHostKept, hostFailure }: Circumstances): Judgement | undefined {
  if (!isAccounted) {
    return refused('starting', 'node.unavailable', 'the containers found on this node are not accounted for yet', {
      remedy: 'ask again in a second; if it goes on, look for pods.reconcile in the log',
    });
  }
  if (isHostKept) return undefined;
  const why = hostFailure === undefined ? '' : `: ${hostFailure}`;
  return refused('starting', 'node.unavailable', `the packet filter of this node is not set yet${why}`, {
    remedy: 'ask again in a second; if it goes on, look for host.reconcile in the log',
  });
}

function withoutGrant(standing: Standing, overlapping: ClusterView['refused']): Judgement {
  const words = overlapping.map(({ cidr, why }) => `the subnet ${cidr} overlaps ${why}`).join('; ');
  const why = 'why' in standing ? `: ${standing.why}` : '';
  return words === ''
    ? refused('no-grant', 'node.unavailable', `this node holds no subnet${why}`)
    : refused('no-grant', 'node.unavailable', words, {
        remedy: 'take that away, or choose pools that the host does not use',
      });
}

function refused(
  readiness: Readiness,
  code: 'node.unavailable' | 'node.fenced',
  message: string,
  options: { remedy?: string } = {},
): Judgement {
  return { readiness, refusal: new CatalogueError(code, message, options) };
}
