/** What one run is made of, as data: drawn from the seed before anything runs, so that parts of it can be left out. */

export interface RunPlan {
  seed: number;
  replicas: number;
  nodes: number;
  /** Subnets of the IPv4 pool; with `hasTwoFamilies` there is an IPv6 pool of the same size. */
  subnets: number;
  hasTwoFamilies: boolean;
  timing: {
    leaderTtlSec: number;
    registrationTtlSec: number;
    holdDownSec: number;
    readingMs: number;
    restMs: number;
  };
  /** Of the replicas, in their order. */
  clockRates: number[];
  weather: { usualMs: number; slowPercent: number; slowMs: number; lossPercent: number };
  /** How long things go wrong; after that everything heals and there is quiet. */
  chaosMs: number;
  events: PlannedEvent[];
}

/** Something that is done to the cluster. Targets are numbers that are taken modulo how many there are. */
export type PlannedEvent = { atMs: number } & (
  | { kind: 'crash-replica'; target: number; forMs: number; when: 'now' | 'at-write' }
  | { kind: 'stop-replica'; target: number; forMs: number }
  | { kind: 'freeze-replica'; target: number; forMs: number; when: 'now' | 'at-write' }
  | { kind: 'cut-replica'; target: number; forMs: number; way: 'both' | 'there' | 'back' }
  | { kind: 'cut-between'; target: number; other: number; forMs: number }
  | { kind: 'lag-watch'; target: number; forMs: number; lagMs: number }
  | { kind: 'stall-writes'; target: number; forMs: number }
  | { kind: 'break-watches' }
  | { kind: 'storm'; forMs: number; lossPercent: number; slowPercent: number }
  | { kind: 'compact' }
  | { kind: 'revoke-leader' }
  | { kind: 'restore'; snapshotAtMs: number }
  | { kind: 'crash-node'; target: number; forMs: number; losesData: boolean }
  | { kind: 'silence-node'; target: number; forMs: number }
  | { kind: 'silence-most'; forMs: number; spared: number }
  | { kind: 'cut-node'; target: number; other: number; forMs: number }
  | { kind: 'replace-node'; target: number; takeOver: boolean }
  | { kind: 'drain' | 'undrain' | 'delete' | 'forget'; target: number }
  | { kind: 'rejoin'; target: number }
  | { kind: 'join' }
  | { kind: 'put-client'; target: number; key: number; ttlSec: number | null }
  | { kind: 'remove-client'; target: number }
);

export type EventKind = PlannedEvent['kind'];
