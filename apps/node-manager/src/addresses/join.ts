/** The three single steps of the original protocol: allocate an address, register a public key, request peers. */
import type { AllocateInput, Allocation, ClaimKeyInput, JoinPeer } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';
import { formatAddress, formatCidr, tryParseAddress } from '@wgcni/ipam';
import { parseEndpoint, parsePublicKey, type PublicKey, type PeerChange } from '@wgcni/wg';
import { hostCidr } from '../attachments/container-device.ts';
import { type Core, tellWhenEmpty, viewOf } from '../attachments/core.ts';
import { configOf } from '../pods/plan-pods.ts';
import type { JoinedRecord } from './joined-record.ts';
import { joinedPeer } from './joined-peer.ts';

/**
 * Gives an address to `name`, or renews the one it has. Throws CatalogueError: what admission refuses with, `pool.exhausted`,
 * `address.unavailable`.
 */
export function allocate(core: Core, name: string, input: AllocateInput): Promise<Allocation> {
  return core.locks.run(lockOf(name), async () => {
    const held = core.joined.get(name);
    const renewal = { ttlSec: input.ttlSec ?? null, renewedAtMs: Math.trunc(core.deps.clock.wallMs()) };
    if (held !== undefined) {
      refuseOthers(held, input.requestedIps ?? []);
      await core.joined.put({ ...held, ...renewal }, true);
      return shown(core, name);
    }
    await core.heldBack.awaitFree(input.requestedIps ?? [], core.deps.clock);
    const refusal = core.deps.admission.refusal();
    if (refusal !== undefined) throw refusal;
    viewOf(core);
    const addresses = core.ledger.take(input.requestedIps ?? []);
    try {
      // ORDER: on disk before anyone is told of the address (design §4.7).
      await core.joined.put({ schema: 1, name, addresses, publicKey: null, endpoint: null, ...renewal }, true);
    } catch (error) {
      core.ledger.free(addresses.map(({ address }) => address));
      throw error;
    }
    core.deps.log.info({ name, addresses }, 'address.allocated');
    return shown(core, name);
  });
}

/** Lets `publicKey` speak for the address of `name`. Throws CatalogueError `address.unknown`, `key.claimed`, `request.invalid`. */
export function claimKey(core: Core, name: string, input: ClaimKeyInput): Promise<Allocation> {
  const publicKey = parsePublicKey(input.publicKey);
  // FENCE: the kernel refuses a change with an endpoint that is none, and every peer's of the same device with it.
  if (input.endpoint !== undefined) parseEndpoint(input.endpoint);
  return core.locks.run(lockOf(name), async () => {
    const held = joinedOf(core, name);
    refuseClaimed(core, name, publicKey);
    const record: JoinedRecord = { ...held, publicKey, endpoint: input.endpoint ?? null };
    const replaced = held.publicKey === publicKey ? null : held.publicKey;
    // ORDER: the claim is on disk before the kernel has the peer; the one it replaces then holds nothing and goes.
    await core.joined.put(record, false);
    const old: PeerChange[] = replaced === null ? [] : [{ kind: 'remove', publicKey: replaced }];
    await core.pods.change(() => [...peerOf(core, record, publicKey), ...old]);
    core.deps.log.info({ name, publicKey }, 'address.claimed');
    return shown(core, name);
  });
}

/** The peer, as far as the node holds the subnets of its addresses when it is its turn. */
function peerOf(core: Core, record: JoinedRecord, publicKey: PublicKey): PeerChange[] {
  const addresses = record.addresses.filter(({ address }) => core.ledger.isHeld(address));
  if (addresses.length === 0) return [];
  return [{ kind: 'add', peer: configOf(joinedPeer({ ...record, addresses }, publicKey)) }];
}

/** What `name` must configure to reach the mesh: the node's pods device. Throws CatalogueError `address.unknown`. */
export function joinPeers(core: Core, name: string): JoinPeer[] {
  joinedOf(core, name);
  const { mtu, keepaliveSec, pools, clientPools } = viewOf(core);
  const allowedIps = [...pools, ...clientPools].map(formatCidr);
  const endpoint = `127.0.0.1:${core.pods.listenPort}`;
  return [{ publicKey: core.pods.publicKey, endpoint, allowedIps, keepaliveSec, mtu }];
}

/** Takes the address of `name` back: peer, record, address, in that order; a missing one is fine. */
export function leave(core: Core, name: string): Promise<void> {
  return core.locks.run(lockOf(name), () => leaveLocked(core, name));
}

/** Releases every joined address whose time is over. */
export async function releaseLapsed(core: Core): Promise<void> {
  const isLapsed = (name: string): boolean => (core.joined.remainingMs(name) ?? 1) <= 0;
  const lapsed = core.joined.all().filter(({ name }) => isLapsed(name));
  for (const { name } of lapsed) {
    await core.locks.run(lockOf(name), async () => {
      // FENCE: looked at again under the lock; whoever held it may have renewed, and was told that the address is its own.
      if (!isLapsed(name)) return;
      core.deps.log.info({ name }, 'address.lapsed');
      await leaveLocked(core, name);
    });
  }
}

/** The allocation of `name` as the API shows it. Throws CatalogueError `address.unknown`. */
export function shown(core: Core, name: string): Allocation {
  const { addresses, publicKey } = joinedOf(core, name);
  const remainingMs = core.joined.remainingMs(name);
  const expiresInSec = remainingMs === undefined ? null : Math.max(0, Math.ceil(remainingMs / 1_000));
  return {
    name,
    addresses: addresses.map(({ address, gateway }) => ({ address: hostCidr(address), gateway })),
    publicKey,
    expiresInSec,
  };
}

async function leaveLocked(core: Core, name: string): Promise<void> {
  const held = core.joined.get(name);
  if (held === undefined) return;
  if (held.publicKey !== null) {
    core.joined.markLeaving(held.publicKey);
    await core.pods.remove(held.publicKey);
  }
  await core.joined.forget(name);
  core.ledger.free(held.addresses.map(({ address }) => address));
  core.deps.log.info({ name }, 'address.released');
  tellWhenEmpty(core);
}

/** No attachment's key text ends in a '/'. */
function lockOf(name: string): string {
  return `addresses/${name}/`;
}

function joinedOf(core: Core, name: string): JoinedRecord {
  const held = core.joined.get(name);
  if (held !== undefined) return held;
  throw new CatalogueError('address.unknown', `no address is allocated to "${name}"`, {
    field: 'name',
    remedy: `allocate one first: PUT /v1/addresses/${name}`,
  });
}

function refuseOthers(held: JoinedRecord, requested: readonly string[]): void {
  const has = held.addresses.map(({ address }) => address);
  const other = requested.find((text) => !has.includes(canonical(text)));
  if (other === undefined) return;
  throw new CatalogueError('address.unavailable', `"${held.name}" has ${has.join(', ')} already, not ${other}`, {
    field: 'requestedIps',
    remedy: `release it first: DELETE /v1/addresses/${held.name}`,
  });
}

function canonical(text: string): string {
  const bare = text.replace(/\/.*$/, '');
  const address = tryParseAddress(bare);
  return address === undefined ? bare : formatAddress(address);
}

function refuseClaimed(core: Core, name: string, publicKey: PublicKey): void {
  const isNodes = publicKey === core.pods.publicKey || core.deps.reservedKeys.includes(publicKey);
  const joined = core.joined.all().find((other) => other.publicKey === publicKey && other.name !== name);
  if (!isNodes && joined === undefined && core.register.byPublicKey(publicKey) === undefined) return;
  throw new CatalogueError(
    'key.claimed',
    `the public key ${publicKey} belongs to ${joined?.name ?? 'another device of this node'}`,
    {
      field: 'publicKey',
      remedy: 'make a key of its own for each device: wg genkey',
    },
  );
}
