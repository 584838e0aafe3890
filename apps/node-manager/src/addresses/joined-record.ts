/** What is kept on disk of an address that was given to someone who brings its own key. */
import { namePattern } from '@wgcni/api';
import { tryParseAddress } from '@wgcni/ipam';
import { isKeyText, type PublicKey } from '@wgcni/wg';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';

const JoinedRecordSchema = Type.Object({
  schema: Type.Literal(1),
  name: Type.String({ pattern: namePattern }),
  addresses: Type.Array(Type.Object({ address: Type.String(), gateway: Type.String() }), { minItems: 1 }),
  publicKey: Type.Union([Type.String(), Type.Null()]),
  endpoint: Type.Union([Type.String(), Type.Null()]),
  ttlSec: Type.Union([Type.Integer({ minimum: 1 }), Type.Null()]),
  renewedAtMs: Type.Integer({ description: 'wall clock of this machine at the last allocate' }),
});

export type JoinedRecord = Omit<Static<typeof JoinedRecordSchema>, 'publicKey'> & { publicKey: PublicKey | null };

/** An address without a key lapses after this. */
const keylessMs = 300_000;

/** How long the record lives after its last allocate, in milliseconds; undefined for ever. */
export function lifetimeMs({ publicKey, ttlSec }: Pick<JoinedRecord, 'publicKey' | 'ttlSec'>): number | undefined {
  const ttlMs = ttlSec === null ? undefined : ttlSec * 1_000;
  return publicKey === null ? Math.min(ttlMs ?? keylessMs, keylessMs) : ttlMs;
}

/** A record from its JSON value, or undefined when it is not one of ours. */
export function parseJoined(value: unknown): JoinedRecord | undefined {
  if (!Value.Check(JoinedRecordSchema, value)) return undefined;
  if (value.addresses.some(({ address }) => tryParseAddress(address) === undefined)) return undefined;
  if (value.publicKey !== null && !isKeyText(value.publicKey)) return undefined;
  return value as JoinedRecord;
}
