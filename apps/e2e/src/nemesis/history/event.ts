/** What a run writes down: every line of its history is one of these, with instants of one monotonic clock in milliseconds. */
import type { StoredKey } from '@wgcni/store';
import type { NodeHoldings } from '../../crash/node-audit.ts';

export interface Grant {
  cidr: string;
  grantId: string;
}

/** What the run was, first line of every history. */
export interface RunEvent {
  kind: 'run';
  seed: number;
  cluster: string;
  /** Ids of the nodes that are real, not only simulated at the REST surface. */
  realNodes: string[];
  registrationTtlMs: number;
  holdDownMs: number;
  /** By how much any clock of the run may run fast; a hold-down may be that much shorter. */
  clockRate: number;
}

/** An operation with its beginning and its end; `unknown`: it may have been done, or may still be. */
export interface OperationEvent {
  kind: 'operation';
  /** Who did it: one simulated node, one worker, one reader. Operations of one process never overlap. */
  process: string;
  name:
    | 'register'
    | 'renew'
    | 'release'
    | 'drain'
    | 'undrain'
    | 'forget'
    | 'delete'
    | 'admit'
    | 'list'
    | 'add'
    | 'del'
    | 'check'
    | 'gc';
  nodeId?: string;
  containerId?: string;
  invokeMs: number;
  endMs: number;
  outcome: 'ok' | 'fail' | 'unknown';
  /** The catalogue's code of a refusal. */
  code?: string;
  /** Grants that were named (renew, release) or answered (register, list). */
  grants?: (Grant & { nodeId?: string })[];
  /** Addresses answered by ADD, without prefix length. */
  addresses?: string[];
}

/** A fault and its healing, written when both are over. */
export interface FaultEvent {
  kind: 'fault';
  number: number;
  nemesis: string;
  /** What was hit, in words. */
  what: string;
  harm: Harm;
  /** The longest gap in a ping that it may cause, where one is promised. */
  gapBoundMs?: number;
  strikeMs: number;
  struckMs: number;
  healMs: number;
  healedMs: number;
  /** Operations in flight at `strikeMs`, and the rate over the three seconds before. */
  inFlight: number;
  ratePerSec: number;
  /** From the end of healing until desired was observed on every node; null when it never was. */
  convergedMs: number | null;
  /** What the last reading before the agreement found different. */
  differences: string[];
}

/** What a fault may legitimately disturb: nothing that containers notice, their packets, or what the store knows. */
export type Harm = 'control' | 'packets' | 'history';

/** Everything of one revision of etcd, as the recorder's watch told it. */
export interface EtcdEvent {
  kind: 'etcd';
  atMs: number;
  revision: number;
  puts: StoredKey[];
  deletes: string[];
}

/** The whole prefix at one revision: at the beginning, and after the store lost history (`isLoss`). */
export interface EtcdListEvent {
  kind: 'etcd-list';
  atMs: number;
  revision: number;
  items: StoredKey[];
  isLoss: boolean;
}

/** A replica claimed, in every answer of this span, that it leads in this term. */
export interface BeliefEvent {
  kind: 'belief';
  replicaId: string;
  term: number;
  /** End of the first such answer and beginning of the last: in between it certainly believed so. */
  fromMs: number;
  toMs: number;
  samples: number;
}

/** What one steady ping lost: each gap from the answer before to the answer after. */
export interface PingEvent {
  kind: 'ping';
  from: string;
  to: string;
  address: string;
  sent: number;
  gaps: { fromMs: number; toMs: number; lost: number }[];
}

/** What a node held after everything was deleted. */
interface RestEvent {
  kind: 'rest';
  nodeId: string;
  /** Without the host's own state: what convergence reads. */
  holdings: Omit<NodeHoldings, 'alive' | 'host'> & {
    alive: [string, { addresses: string[]; isUp: boolean; routes: string[] }][];
  };
}

/** How many private keys were looked for in how many texts, and where one stood; never the key. */
export interface SecretsEvent {
  kind: 'secrets';
  keys: number;
  texts: number;
  bytes: number;
  found: string[];
}

export type HistoryEvent =
  | RunEvent
  | OperationEvent
  | FaultEvent
  | EtcdEvent
  | EtcdListEvent
  | BeliefEvent
  | PingEvent
  | RestEvent
  | SecretsEvent;

/** The events of one kind, in the order in which they were written. */
export function ofKind<K extends HistoryEvent['kind']>(
  history: readonly HistoryEvent[],
  kind: K,
): Extract<HistoryEvent, { kind: K }>[] {
  return history.filter((event): event is Extract<HistoryEvent, { kind: K }> => event.kind === kind);
}
