/** Admits a node by a token, at any replica: what it may is read from the store, not from a view, and written by compare-and-swap. */
import { CatalogueError, type Clock, type Log, type Random, type Secret } from '@wgcni/base';
import { tokenHash } from '@wgcni/pki';
import {
  AdmissionRecord,
  decodeRecord,
  type Store,
  type StoredKey,
  TokenRecord,
  transactUntilKnown,
} from '@wgcni/store';
import type { Static, TSchema } from '@sinclair/typebox';
import type { ClusterState } from '../state/cluster-state.ts';
import type { Kept } from '../state/table.ts';
import type { Recovery } from './recovery.ts';
import { isSecretOf, type JoinGround, planJoin } from './plan-join.ts';

export interface JoinDeps {
  store: Store;
  state: ClusterState;
  clock: Clock;
  random: Random;
  log: Log;
  recovery: Pick<Recovery, 'isRecovering'>;
}

export interface Joining {
  nodeId: string;
  token: { id: string; secret: Secret };
  /** SHA-256 of the public key that is to be certified. */
  keyDigest: string;
}

/** How often joining is planned again because something changed between. */
const mostTries = 8;
const patienceMs = 8_000;

/** Repeating it is safe, with the same key. Throws CatalogueError `token.refused`, with one text for every reason; the reason is logged. */
export async function joinNode(deps: JoinDeps, { nodeId, token, keyDigest }: Joining): Promise<void> {
  const { store, clock, random, log } = deps;
  for (let tries = 0; tries < mostTries; tries += 1) {
    const plan = planJoin({ nodeId, hash: tokenHash(token.secret), keyDigest }, await groundOf(deps, nodeId, token.id));
    if (plan.kind === 'refused') {
      log.warn({ nodeId, tokenId: token.id, why: plan.why }, 'token.refused');
      throw tokenRefused();
    }
    if (plan.kind === 'admitted') return;
    const signal = AbortSignal.timeout(patienceMs);
    const outcome = await transactUntilKnown(store, plan.transaction, {
      clock,
      random,
      deadlineMs: patienceMs,
      signal,
    }).catch((cause: unknown) => {
      throw new CatalogueError('outcome.unknown', 'it is not known whether the node was admitted', {
        remedy: 'repeat the request: a repeat with the same key is safe',
        cause,
      });
    });
    if (outcome.arm === 'committed') {
      log.info({ nodeId, tokenId: token.id, keyDigest, revision: outcome.revision }, 'node.joined');
      return;
    }
  }
  throw new CatalogueError('store.conflict', 'the token kept changing while this was planned', { remedy: 'try again' });
}

/** Throws CatalogueError `token.refused` when the secret is not that of a token; whether it is good for the node is another matter. */
export async function expectToken({ store, state, log }: JoinDeps, { id, secret }: Joining['token']): Promise<void> {
  const { item } = await store.get(state.keys.token(id));
  if (isSecretOf(keptOf(TokenRecord, item)?.record, tokenHash(secret))) return;
  log.warn({ tokenId: id, why: 'there is no such token' }, 'token.refused');
  throw tokenRefused();
}

/** The same for everybody, whatever was wrong. */
export function tokenRefused(): CatalogueError {
  return new CatalogueError('token.refused', 'this token does not let this node join');
}

async function groundOf({ store, state, recovery }: JoinDeps, nodeId: string, tokenId: string): Promise<JoinGround> {
  const keys = {
    token: state.keys.token(tokenId),
    admission: state.keys.admission(nodeId),
    node: state.keys.node(nodeId),
  };
  const [token, admission, node] = await Promise.all(
    [keys.token, keys.admission, keys.node].map(async (key) => (await store.get(key)).item),
  );
  return {
    keys,
    token: keptOf(TokenRecord, token),
    admission: keptOf(AdmissionRecord, admission),
    isRecovering: recovery.isRecovering(),
    isNodeKnown: node !== undefined,
  };
}

/** One that cannot be read admits nobody. Throws CatalogueError `token.refused`. */
function keptOf<T extends TSchema>(schema: T, item: StoredKey | undefined): Kept<Static<T>> | undefined {
  if (item === undefined) return undefined;
  const decoded = decodeRecord(schema, item);
  if (decoded.kind === 'quarantined') throw tokenRefused();
  return { record: decoded.record, item };
}
