/** After everything has healed and time has passed: one leader, every living node registered with its grants, views like the store, nothing leaked. */
import type { Keys } from '@wgcni/store';
import type { Ledger } from '../ledger.ts';
import type { NodeMachine } from '../node-machine.ts';
import type { ReplicaProcess } from '../replica-process.ts';
import type { StoreServer } from '../store-server.ts';
import { checkClients } from './clients.ts';
import type { Accuse } from './violation.ts';

export interface RestingWorld {
  ledger: Ledger;
  keys: Keys;
  server: StoreServer;
  replicas: readonly ReplicaProcess[];
  machines: readonly NodeMachine[];
  /** Subnets of each pool. */
  subnets: number;
}

/** Seconds that no lease of a session or a registration has; those of tombstones do. */
const longLeaseSec = 3_600;
/** A transaction writes no more tombstones than this: one for each family. */
const mostTombstones = 2;

export function checkAtRest(world: RestingWorld, accuse: Accuse): void {
  const bad = (what: string): void => accuse('all is well at rest', what);
  const leaders = world.replicas.filter(({ replica }) => replica?.election.leadership !== undefined);
  if (leaders.length !== 1) bad(`${leaders.length} replicas lead`);
  for (const replica of world.replicas) checkView(world, replica, bad);
  for (const nodeId of new Set(world.machines.map((machine) => machine.nodeId))) checkNode(world, nodeId, bad);
  checkClients(world, bad);
  const leaked = world.server.backend
    .leases()
    .filter(({ ttlSec, keys }) => ttlSec >= longLeaseSec && keys.length === 0);
  // Where a process did not know whether its tombstone was written, it had to leave the lease.
  const unknowns = world.replicas.reduce((sum, replica) => sum + replica.unknowns, 0);
  if (leaked.length > unknowns * mostTombstones) bad(`${leaked.length} leases without a key go on for days`);
}

function checkView({ server, keys }: RestingWorld, { id, replica }: ReplicaProcess, bad: (what: string) => void): void {
  if (replica === undefined) return bad(`${id} does not run`);
  const { state } = replica;
  const tables = [
    ...[state.network, state.nodes, state.subnets, state.registrations],
    ...[state.claims, state.gone, state.replicas, state.recovering, state.admissions, state.tokens],
    ...[state.clients, state.clientAddresses, state.clientLives, state.containers],
  ];
  const seen = tables.flatMap((table) => table.all().map(({ item }) => `${item.key}@${item.modRevision}`));
  const stored = server.backend
    .range(keys.root, {})
    .items.flatMap(({ key, modRevision }) => (key === keys.leader ? [] : [`${key}@${modRevision}`]));
  const differing = [...seen.filter((one) => !stored.includes(one)), ...stored.filter((one) => !seen.includes(one))];
  if (differing.length > 0) bad(`the view of ${id} differs from the store in ${differing.join(', ')}`);
}

function checkNode(world: RestingWorld, nodeId: string, bad: (what: string) => void): void {
  const machines = world.machines.filter((machine) => machine.nodeId === nodeId && machine.isRunning);
  const hasEnded = machines.some(({ disk, session }) => disk.isDeleted || session?.standing === 'superseded');
  const registered = machines.filter(({ session }) => session?.standing === 'registered');
  if (registered.length > 1) bad(`${registered.map(({ name }) => name).join(' and ')} are both registered`);
  const [machine] = registered;
  if (machine === undefined) {
    const why = machines.map(({ name, session }) => `${name} ${session?.standing}: ${session?.refusal}`).join(', ');
    const isFull = machines.some(({ session }) => session?.refusal === 'pool.exhausted') && isExhausted(world);
    if (!hasEnded && !isFull && machines.length > 0) bad(`nobody is registered as ${nodeId}: ${why}`);
    return;
  }
  if (!world.ledger.registrations.has(nodeId)) bad(`${machine.name} believes that it is registered`);
  const recorded = idsOf(world.ledger.nodes.get(nodeId)?.subnets ?? []);
  const believed = idsOf([...machine.disk.grants, ...machine.disk.leaving]);
  if (recorded !== believed) bad(`${machine.name} believes in grants [${believed}], the store in [${recorded}]`);
}

function isExhausted({ ledger, subnets }: RestingWorld): boolean {
  const v4 = [...ledger.subnets.values()].filter(({ cidr }) => !cidr.includes(':'));
  return v4.length >= subnets;
}

function idsOf(grants: readonly { grantId: string }[]): string {
  return grants
    .map(({ grantId }) => grantId)
    .sort()
    .join(' ');
}
