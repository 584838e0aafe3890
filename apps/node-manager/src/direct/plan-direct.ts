/**
 * PURE: the next step towards every container's device having every other as a peer.
 *
 * WireGuard takes a packet only from the peer to which it would send the answer. So a pair must change over on both sides at once, or as
 * near to it as can be; and a first handshake must meet a device that knows the caller, and may not cross the other side's, or it is
 * tried again only after five seconds. Hence the steps, each looked for only when there is nothing to do of those before:
 *
 *   withdraw   who left goes; so does a route to a device that does not know this one
 *   route      both sides of a pair that has met send past the node
 *   introduce  both sides get key and endpoint, and send by the node still
 *   call       one side, always the later attached, begins the handshake by a keepalive
 *
 * Whatever fails in between, the next look begins from what the devices hold.
 */
import type { PeerChange, PublicKey } from '@wgcni/wg';
import { type DirectDevice, isTakingPart } from './direct-device.ts';
import type { HeldPeer, HeldPeers } from './held-peers.ts';
import { type Bundle, devicesAtOnce, fillWave, type DeviceChange, type Wave } from './wave.ts';

/** A keepalive begins the handshake; it is taken off when the pair has met. */
const callSec = 25;

export interface DirectState {
  /** In the order in which they attached. */
  devices: readonly DirectDevice[];
  /** Of the devices that are known; what another holds is to be read first, and it is left alone. */
  held: ReadonlyMap<PublicKey, HeldPeers>;
  /** Other nodes' containers: a device that takes part holds them by another plan, and loses none of them here. */
  far?: ReadonlySet<PublicKey>;
}

export interface DirectStep {
  kind: 'withdraw' | 'route' | 'introduce' | 'call' | 'far';
  changes: Wave;
  /** For the waves after it, as long as nothing else changes: with many devices planning takes longer than a wave. */
  left: readonly Bundle[];
}

/** Two devices that are to be peers, both known. */
interface Pair {
  /** The one that attached later. */
  caller: Side;
  listener: Side;
}

interface Side {
  device: DirectDevice;
  other: DirectDevice;
  /** What `device` holds of `other`. */
  held: HeldPeer | undefined;
}

/** The next step, or undefined when everything is right or waits for a handshake or for a device to be known. */
export function nextStep(state: DirectState): DirectStep | undefined {
  const pairs = pairsOf(state);
  const looks: [DirectStep['kind'], () => DeviceChange[][]][] = [
    ['withdraw', () => withdrawals(state)],
    ['route', () => routings(pairs)],
    ['introduce', () => introductions(pairs)],
    ['call', () => calls(pairs)],
  ];
  for (const [kind, look] of looks) {
    const step = waveOf(kind, look());
    if (step !== undefined) return step;
  }
  return undefined;
}

/** The next wave of a step that was planned before. */
export function waveOf(kind: DirectStep['kind'], bundles: readonly Bundle[]): DirectStep | undefined {
  const { wave: changes, left } = fillWave(bundles);
  return changes.size === 0 ? undefined : { kind, changes, left };
}

/** The devices that will know first when a called pair has met. */
export function awaited(state: DirectState): PublicKey[] {
  const callers = pairsOf(state)
    .filter((pair) => isIntroduced(pair) && !hasMet(pair))
    .flatMap(({ caller, listener }) =>
      [caller, listener].filter(({ held }) => held !== undefined && held.keepaliveSec > 0),
    );
  return [...new Set(callers.map(({ device }) => device.publicKey))];
}

/** How many pairs send past the node, of how many that are to. */
export function countPairs(state: DirectState): { direct: number; wanted: number } {
  const peers = state.devices.filter(({ isPeer }) => isPeer).length;
  const direct = pairsOf(state).filter(({ caller, listener }) => isRouted(caller) && isRouted(listener)).length;
  return { direct, wanted: (peers * peers - peers) / 2 };
}

function pairsOf({ devices, held }: DirectState): Pair[] {
  const known = devices.flatMap((device) => {
    const holds = held.get(device.publicKey);
    return device.isPeer && holds !== undefined ? [{ device, holds }] : [];
  });
  return inBlocks(known.length).map(([later, earlier]): Pair => {
    const [one, other] = [known[later], known[earlier]] as [Known, Known];
    return { caller: sideOf(one, other), listener: sideOf(other, one) };
  });
}

/**
 * Every pair of `count`, the greater first, in such an order that those next to each other are of few: of two groups that fill a wave all pairs come in
 * one. One after the other, most waves would hold a single device's.
 */
function inBlocks(count: number): [number, number][] {
  const size = devicesAtOnce / 2;
  const groups = Array.from({ length: Math.ceil(count / size) }, (_, group) =>
    Array.from({ length: Math.min(size, count - group * size) }, (__, index) => group * size + index),
  );
  return groups.flatMap((group, index) =>
    groups
      .slice(0, index + 1)
      .flatMap((other) =>
        group.flatMap((one) => other.filter((two) => two < one).map((two): [number, number] => [one, two])),
      ),
  );
}

interface Known {
  device: DirectDevice;
  holds: HeldPeers;
}

function sideOf({ device, holds }: Known, { device: other }: Known): Side {
  return { device, other, held: holds.get(other.publicKey) };
}

/** ORDER: what one device has to give up alone comes before what two change together. */
function withdrawals(state: DirectState): DeviceChange[][] {
  const devices = new Map(state.devices.map((device) => [device.publicKey, device]));
  const alone: DeviceChange[][] = [];
  const together = new Map<string, DeviceChange[]>();
  for (const [holder, holds] of state.held) {
    const device = devices.get(holder);
    if (device === undefined) continue;
    for (const [key, held] of holds) {
      if (isTakingPart(device) && state.far?.has(key) === true && !devices.has(key)) continue;
      const change = withdrawalOf(device, held, { key, other: devices.get(key), back: state.held.get(key) });
      if (change === undefined) continue;
      const isMutual = state.held.get(key)?.has(holder) === true;
      const pair = [holder, key].sort().join(' ');
      if (!isMutual) alone.push([{ device: holder, change }]);
      else together.set(pair, [...(together.get(pair) ?? []), { device: holder, change }]);
    }
  }
  return [...alone, ...together.values()];
}

interface HeldOther {
  key: PublicKey;
  /** Undefined when there is no such device (any more). */
  other: DirectDevice | undefined;
  /** What it holds itself; undefined when that is not known. */
  back: HeldPeers | undefined;
}

function withdrawalOf(device: DirectDevice, held: HeldPeer, { key, other, back }: HeldOther): PeerChange | undefined {
  if (other === undefined || !other.isPeer || !device.isPeer) return { kind: 'remove', publicKey: key };
  const isRouted = held.allowedIps.length > 0;
  // The keys of a handshake of which the other side knows nothing would be used for fifteen seconds: it begins anew.
  const isForgotten = back !== undefined && !back.has(device.publicKey) && (isRouted || held.isMet);
  if (isForgotten) return { kind: 'remove', publicKey: key };
  if (!isRouted || isSame(held.allowedIps, other.allowedIps)) return undefined;
  return { kind: 'update', publicKey: key, allowedIps: [] };
}

/** ORDER: a pair of which one side has changed over comes first: nothing passes between the two until the other has. */
function routings(pairs: readonly Pair[]): DeviceChange[][] {
  const due = pairs.filter((pair) => isIntroduced(pair) && (isTorn(pair) || (hasMet(pair) && !isRight(pair))));
  const [torn, whole] = [due.filter(isTorn), due.filter((pair) => !isTorn(pair))];
  return [...torn, ...whole].map(({ caller, listener }) =>
    [caller, listener]
      .filter((side) => !isSideRight(side))
      .map(({ device, other }): DeviceChange => {
        const { publicKey, allowedIps } = other;
        return { device: device.publicKey, change: { kind: 'update', publicKey, allowedIps, keepaliveSec: 0 } };
      }),
  );
}

/** One for each device: nothing depends on both sides being introduced together. */
function introductions(pairs: readonly Pair[]): DeviceChange[][] {
  const due = new Map<PublicKey, DeviceChange[]>();
  for (const { device, other, held } of pairs.flatMap(({ caller, listener }) => [caller, listener])) {
    if (held !== undefined) continue;
    const peer = { publicKey: other.publicKey, endpoint: other.endpoint, allowedIps: [], keepaliveSec: 0 };
    const changes = due.get(device.publicKey) ?? [];
    changes.push({ device: device.publicKey, change: { kind: 'add', peer } });
    due.set(device.publicKey, changes);
  }
  return [...due.values()];
}

function calls(pairs: readonly Pair[]): DeviceChange[][] {
  const silent = pairs.filter((pair) => isIntroduced(pair) && !hasMet(pair) && !isCalled(pair));
  return silent.map(({ caller: { device, other } }) => [
    { device: device.publicKey, change: { kind: 'update', publicKey: other.publicKey, keepaliveSec: callSec } },
  ]);
}

function isIntroduced({ caller, listener }: Pair): boolean {
  return caller.held !== undefined && listener.held !== undefined;
}

function hasMet({ caller, listener }: Pair): boolean {
  return caller.held?.isMet === true || listener.held?.isMet === true;
}

function isCalled({ caller, listener }: Pair): boolean {
  return [caller, listener].some(({ held }) => held !== undefined && held.keepaliveSec > 0);
}

function isTorn({ caller, listener }: Pair): boolean {
  return isRouted(caller) !== isRouted(listener);
}

function isRight({ caller, listener }: Pair): boolean {
  return isSideRight(caller) && isSideRight(listener);
}

function isSideRight(side: Side): boolean {
  return isRouted(side) && side.held?.keepaliveSec === 0;
}

function isRouted({ other, held }: Side): boolean {
  return held !== undefined && isSame(held.allowedIps, other.allowedIps);
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((cidr) => other.includes(cidr));
}
