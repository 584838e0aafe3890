/** The cluster-managers as nodes and operators reach them: any replica, forwarded once to the leader, as the REST surface does. */
import type { ClientInput, RegisterInput, Registration, ReleaseInput, Renewal, RenewInput } from '@wgcni/api';
import { CatalogueError, toCatalogueError } from '@wgcni/base';
import { decodeRecord, LeaderRecord, StoreUnavailableError } from '@wgcni/store';
import { keepClient } from '../clients/keep-client.ts';
import { removeClient } from '../clients/remove-client.ts';
import { deleteNode, forgetNode, release, setDraining } from '../registry/leave.ts';
import { register } from '../registry/register.ts';
import { renew } from '../registry/renew.ts';
import type { Replica } from '../replica.ts';
import type { Actor } from './actor.ts';
import { exchange, NoAnswerError, type Answer } from './exchange.ts';
import type { Link } from './link.ts';

export type ManagerRequest =
  | { kind: 'register'; nodeId: string; input: RegisterInput }
  | { kind: 'renew'; nodeId: string; input: RenewInput }
  | { kind: 'release'; nodeId: string; input: ReleaseInput }
  | { kind: 'drain' | 'undrain' | 'delete' | 'forget'; nodeId: string }
  | { kind: 'put-client'; name: string; input: ClientInput }
  | { kind: 'remove-client'; name: string };

export type ManagerAnswer = Registration | Renewal | undefined;

/** The node or the client that it is about. */
export function subjectOf(request: ManagerRequest): string {
  return 'name' in request ? request.name : request.nodeId;
}

/** A replica that may be asked; `replica` is undefined while its process does not run. */
export interface ManagerSite {
  id: string;
  actor: Actor;
  replica: Replica | undefined;
}

export interface ManagerNetwork {
  sites: readonly ManagerSite[];
  linkOf(from: string, to: string): Link;
  /** Sees what a replica is about to answer. */
  witness(site: ManagerSite, request: ManagerRequest, answer: ManagerAnswer): void;
  /** Sees what no catalogue names. */
  surprised(error: CatalogueError): void;
}

const forwardTimeoutMs = 12_000;

/** Asks one replica. Throws CatalogueError. */
export function askSite(
  network: ManagerNetwork,
  from: { actor: Actor; name: string },
  site: ManagerSite,
  { request, timeoutMs, isForwarded = false }: { request: ManagerRequest; timeoutMs: number; isForwarded?: boolean },
): Promise<ManagerAnswer> {
  const serve = (reply: (answer: Answer<ManagerAnswer>) => void): void => {
    const { replica } = site;
    if (replica === undefined) return reply({ error: absent(`${site.id} does not run`) });
    site.actor.receive(() => {
      void answerAt(network, site, replica, { request, isForwarded }).then(
        (value) => {
          network.witness(site, request, value);
          reply({ value });
        },
        (error: unknown) => reply({ error: told(network, error) }),
      );
    });
  };
  return exchange(from.actor, network.linkOf(from.name, site.id), serve, { timeoutMs }).catch((error: unknown) => {
    if (!(error instanceof NoAnswerError)) throw error;
    throw isForwarded
      ? new CatalogueError('outcome.unknown', `the leader ${site.id} did not answer`)
      : absent(`${site.id} did not answer`);
  });
}

async function answerAt(
  network: ManagerNetwork,
  site: ManagerSite,
  replica: Replica,
  { request, isForwarded }: { request: ManagerRequest; isForwarded: boolean },
): Promise<ManagerAnswer> {
  if (request.kind === 'renew') return renew(replica, request.nodeId, request.input);
  if (replica.election.leadership !== undefined) return atLeader(replica, request);
  if (isForwarded) throw new CatalogueError('leader.forwarded', `${site.id} was taken for the leader, and is not`);
  const { holder } = replica.election;
  const decoded = holder === undefined ? undefined : decodeRecord(LeaderRecord, holder);
  const leaderId = decoded?.kind === 'record' ? decoded.record.replicaId : undefined;
  const leader = network.sites.find(({ id }) => id === leaderId && id !== site.id);
  if (leader === undefined) throw absent('no leader is elected at this moment');
  const from = { actor: site.actor, name: site.id };
  return askSite(network, from, leader, { request, timeoutMs: forwardTimeoutMs, isForwarded: true });
}

async function atLeader(replica: Replica, request: Exclude<ManagerRequest, { kind: 'renew' }>): Promise<ManagerAnswer> {
  const { writer, recovery } = replica;
  switch (request.kind) {
    case 'register':
      return register({ writer, recovery }, request.nodeId, request.input);
    case 'release':
      await release(writer, request.nodeId, request.input);
      return undefined;
    case 'put-client':
      await keepClient(writer, request.name, request.input);
      return undefined;
    case 'remove-client':
      await removeClient(writer, request.name);
      return undefined;
    case 'drain':
    case 'undrain':
      await setDraining(writer, request.nodeId, request.kind === 'drain');
      return undefined;
    case 'delete':
      await deleteNode(writer, request.nodeId, true);
      return undefined;
    case 'forget':
      await forgetNode(writer, request.nodeId);
      return undefined;
  }
}

function told(network: ManagerNetwork, thrown: unknown): CatalogueError {
  if (thrown instanceof StoreUnavailableError)
    return new CatalogueError('store.unavailable', thrown.message, { cause: thrown });
  const error = toCatalogueError(thrown);
  if (error.code === 'internal.failed') network.surprised(error);
  return error;
}

function absent(why: string): CatalogueError {
  return new CatalogueError('leader.absent', why);
}
