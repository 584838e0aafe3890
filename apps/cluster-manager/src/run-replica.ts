/** Puts one replica together and runs its loops: the view, the election, its own presence, and the leader's slow work. */
import { EventRing } from '@wgcni/api/server';
import { messageOf, within, type Clock, type Log, type Random } from '@wgcni/base';
import type { CredentialSource } from '@wgcni/pki';
import type { IssuingAuthority } from '@wgcni/pki/authority';
import { Election, encodeRecord, keysOf, LeaseSession, Reflector, writtenSchema, type Store } from '@wgcni/store';
import { Expirer } from './clients/expirer.ts';
import type { Config } from './config.ts';
import { StoreEvents } from './events/store-events.ts';
import { Forwarder } from './forward.ts';
import { ReplicaMeters } from './metrics/replica-meters.ts';
import { Reclaimer } from './reclaim/reclaimer.ts';
import { LeaderWriter } from './registry/leader-writer.ts';
import { Recovery } from './registry/recovery.ts';
import type { Replica } from './replica.ts';
import { Reports } from './report/reports.ts';
import { ClusterState } from './state/cluster-state.ts';

export interface ReplicaDeps {
  store: Store;
  clock: Clock;
  random: Random;
  log: Log;
  version: string;
  /** The page for people, where it was built. */
  page?: string | undefined;
  /** TLS: who this replica is to the leader. */
  credentials?: CredentialSource | undefined;
  /** Issues certificates to nodes. */
  authority?: IssuingAuthority | undefined;
  /** Where it counts what it does; by default where nobody looks. */
  meters?: ReplicaMeters | undefined;
}

export interface RunningReplica extends Replica {
  /** Resolves when the view has been read once. */
  listed: Promise<void>;
  /** Resolves when every loop has ended after the signal; the leader has resigned then. */
  ended: Promise<void>;
}

/** Starts the loops; they end when the signal aborts. It stands for election once it is `listening`; by default at once. */
export function runReplica(
  deps: ReplicaDeps,
  config: Config,
  signal: AbortSignal,
  listening?: Promise<void>,
): RunningReplica {
  const { store, clock, random, log, meters = new ReplicaMeters() } = deps;
  const keys = keysOf(config.cluster);
  const state = new ClusterState(keys, log);
  const events = new EventRing({ clock, random, log });
  const happenings = new StoreEvents(keys, (happening) => events.tell(happening));
  const { replicaId, advertise, leaderTtlSec } = config;
  const value = encodeRecord({ schema: writtenSchema, replicaId, url: advertise });
  const election = new Election({ store, clock, random, log, key: keys.leader, value, ttlSec: leaderTtlSec });
  meters.follow(election);
  const writer = new LeaderWriter({ store, state, clock, random, log, leadership: () => election.leadership });
  const recovery = new Recovery({ store, state, clock, log });
  const reflector = new Reflector({ store, prefix: keys.root, clock, random, log });
  const { silenceReadingMs: readingMs, restMs } = config;
  const reclaimer = new Reclaimer({ writer, clock, log, meters, readingMs, restMs });
  const expirer = new Expirer({ writer, clock, log, meters });
  let tellListed = (): void => {};
  const listed = new Promise<void>((resolve) => (tellListed = resolve));
  const following = reflector.run(signal, (change) => {
    state.apply(change);
    happenings.follow(change);
    if (change.kind === 'snapshot' && change.hasGoneBack)
      recovery.begin(`the store is back at revision ${change.revision}`);
    tellListed();
  });
  const loops = [
    following,
    listening === undefined ? election.run(signal) : standOnce(listening, election, signal),
    whileLeading(election, [writer, reclaimer, expirer], signal),
    stayPresent(deps, config, signal),
  ];
  return {
    ...{
      id: replicaId,
      cluster: config.cluster,
      version: deps.version,
      page: deps.page,
      store,
      state,
      election,
      writer,
      recovery,
      reports: new Reports({ state, clock }),
      events,
      clock,
      random,
      log,
      meters,
    },
    forwarder: new Forwarder(
      replicaId,
      () => election.holder,
      deps.credentials,
      (how) => meters.forwarded(how),
    ),
    isSynced: () => reflector.isSynced,
    authority: deps.authority,
    listed,
    ended: Promise.all(loops).then(() => undefined),
  };
}

/** A leader that nobody can reach yet keeps every write waiting, longer than another candidate would. */
async function standOnce(listening: Promise<void>, election: Election, signal: AbortSignal): Promise<void> {
  await Promise.race([listening, changeOf(election, signal)]);
  if (!signal.aborted) await election.run(signal);
}

/** Runs the leader's loops in each term of ours. */
async function whileLeading(
  election: Election,
  loops: readonly { run(term: AbortSignal): Promise<void> }[],
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const leadership = election.leadership;
    if (leadership !== undefined) {
      const term = AbortSignal.any([leadership.ended, signal]);
      await Promise.all(loops.map((loop) => loop.run(term)));
    }
    await changeOf(election, signal);
  }
}

function changeOf(election: Election, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      unsubscribe();
      signal.removeEventListener('abort', settle);
      resolve();
    };
    const unsubscribe = election.onChange(settle);
    signal.addEventListener('abort', settle, { once: true });
    if (signal.aborted || election.leadership !== undefined) settle();
  });
}

/** How long a replica is shown after it died. */
const presenceTtlSec = 15;

/** Keeps this replica in the list of those that run, for people only. */
async function stayPresent(
  { store, clock, log, version }: ReplicaDeps,
  { cluster, replicaId, advertise }: Config,
  signal: AbortSignal,
): Promise<void> {
  const key = keysOf(cluster).replica(replicaId);
  const value = encodeRecord({ schema: writtenSchema, replicaId, url: advertise, version });
  while (!signal.aborted) {
    try {
      const session = await LeaseSession.open({ store, clock, log, ttlSec: presenceTtlSec }, signal);
      const outcome = await store.transact({ compare: [], then: [{ kind: 'put', key, value, lease: session.lease }] });
      if (outcome.arm === 'committed') await session.run(signal);
      await within(clock, 1_000, (late) => session.close(late));
    } catch (error) {
      if (!signal.aborted) log.debug({ cause: messageOf(error) }, 'presence.failed');
    }
    await clock.sleep(1_000, signal).catch(() => undefined);
  }
}
