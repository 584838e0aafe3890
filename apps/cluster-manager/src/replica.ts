/** One replica as the REST surface sees it: its view, its part in the election, and what only the leader does. */
import type { EventRing } from '@wgcni/api/server';
import type { Clock, Log, Random } from '@wgcni/base';
import type { IssuingAuthority } from '@wgcni/pki/authority';
import type { Election, Store } from '@wgcni/store';
import type { Forwarder } from './forward.ts';
import type { ReplicaMeters } from './metrics/replica-meters.ts';
import type { LeaderWriter } from './registry/leader-writer.ts';
import type { Recovery } from './registry/recovery.ts';
import type { Reports } from './report/reports.ts';
import type { ClusterState } from './state/cluster-state.ts';

export interface Replica {
  id: string;
  cluster: string;
  version: string;
  /** The page for people, as one HTML document; absent when run from the sources. */
  page: string | undefined;
  store: Store;
  state: ClusterState;
  election: Election;
  writer: LeaderWriter;
  recovery: Recovery;
  /** What nodes told this replica of themselves. */
  reports: Reports;
  /** What happened in the cluster since this replica looks. */
  events: EventRing;
  forwarder: Forwarder;
  clock: Clock;
  random: Random;
  log: Log;
  /** What it has done so far. */
  meters: ReplicaMeters;
  /** Whether the view follows the store at this moment. */
  isSynced: () => boolean;
  /** Issues certificates; absent with a PKI of one's own. */
  authority: IssuingAuthority | undefined;
}
