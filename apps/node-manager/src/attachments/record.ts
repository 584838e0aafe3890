/** What is kept on disk of one attachment, and how its text is read back. */
import { type AttachmentKey, ifNamePattern, namePattern } from '@wgcni/api';
import { tryParseAddress } from '@wgcni/ipam';
import { isKeyText, type PublicKey } from '@wgcni/wg';
import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { createHash } from 'node:crypto';

/** `orphaned` is never stored: it follows from the grants that the node holds now. */
const StoredState = Type.Union(
  [Type.Literal('reserved'), Type.Literal('attached'), Type.Literal('answered'), Type.Literal('adopted')],
  { description: 'how far ADD came' },
);

const GivenAddressSchema = Type.Object({ address: Type.String(), gateway: Type.String() });

const AttachmentRecordSchema = Type.Object({
  schema: Type.Literal(1),
  network: Type.String({ pattern: namePattern }),
  containerId: Type.String({ pattern: namePattern }),
  ifName: Type.String({ pattern: ifNamePattern }),
  state: StoredState,
  netns: Type.String({ description: 'path; empty when adopted' }),
  netnsId: Type.String({ description: 'identity of the namespace at ADD; empty when adopted' }),
  addresses: Type.Array(GivenAddressSchema, { minItems: 1 }),
  port: Type.Integer({
    minimum: 0,
    maximum: 65_535,
    description: '0 when adopted from a peer that is not on loopback',
  }),
  publicKey: Type.Union([Type.String(), Type.Null()]),
  addressesOnly: Type.Optional(
    Type.Literal(true, { description: 'given as a delegated IPAM: there is no device, key, port or peer' }),
  ),
  link: Type.Optional(
    Type.Literal('veth', { description: 'what joins it to the node, with neither key nor port; absent: WireGuard' }),
  ),
  reviving: Type.Optional(
    Type.Literal(true, { description: 'its device is being made anew: what is found of it may be half of one' }),
  ),
  mtu: Type.Integer(),
  attempt: Type.Optional(Type.String({ description: 'what the caller called the ADD that made it' })),
  routeMetric: Type.Optional(
    Type.Integer({ minimum: 1, description: "of its default routes; absent: the kernel's usual one" }),
  ),
  bootId: Type.String(),
  recordedAt: Type.String({
    description: 'wall clock, ISO: with the next, to tell a queued deletion older than the record',
  }),
  uptimeMs: Type.Number({ description: 'the same instant since the boot' }),
});

export type AttachmentRecord = Omit<Static<typeof AttachmentRecordSchema>, 'publicKey'> & {
  publicKey: PublicKey | null;
};

/** Which ADD made the record: another one of the same key is another incarnation. */
export function incarnationOf(record: AttachmentRecord): string {
  return `${keyText(record)}@${record.recordedAt}:${record.port}`;
}

/** The text that names an attachment: no part can hold a '/'. */
export function keyText(key: AttachmentKey): string {
  return `${key.network}/${key.containerId}/${key.ifName}`;
}

/** The part of a record that is its key. */
export function keyOf({ network, containerId, ifName }: AttachmentKey): AttachmentKey {
  return { network, containerId, ifName };
}

/** The file name of anything whose name could be too long or odd for one: 32 hexadecimal digits and `.json`. */
export function fileNameOf(name: string): string {
  return `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`;
}

/** A record from its JSON value, or undefined when it is not one of ours. */
export function parseRecord(value: unknown): AttachmentRecord | undefined {
  if (!Value.Check(AttachmentRecordSchema, value)) return undefined;
  if (value.addresses.some(({ address }) => tryParseAddress(address) === undefined)) return undefined;
  if (value.publicKey !== null && !isKeyText(value.publicKey)) return undefined;
  return value as AttachmentRecord;
}
