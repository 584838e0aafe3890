/** Keeps what is known of each pair of a container of ours and one of another node, and plans their next changes. */
import type { Clock } from '@wgcni/base';
import type { PublicKey } from '@wgcni/wg';
import { type DirectDevice, isTakingPart } from './direct-device.ts';
import type { FarContainer } from './far-containers.ts';
import { hostOf, triesByHost } from './far-hosts.ts';
import { isEager } from './far-pace.ts';
import type { HeldPeers } from './held-peers.ts';
import {
  encouraged,
  farChanges,
  farLookAtMs,
  type FarMemory,
  farMemory,
  type FarMove,
  farMove,
  type FarPair,
  isSettled,
  type Now,
  resting,
} from './plan-far.ts';
import { type DeviceChange, fillWave, type Wave } from './wave.ts';

export interface FarState {
  /** Ours. */
  devices: readonly DirectDevice[];
  held: ReadonlyMap<PublicKey, HeldPeers>;
  /** Those of other nodes. */
  far: readonly FarContainer[];
}

interface OwnPair extends FarPair {
  device: PublicKey;
}

export class FarPairs {
  readonly #clock: Pick<Clock, 'monotonicMs' | 'wallMs'>;
  /** Device → peer. */
  readonly #memory = new Map<PublicKey, Map<PublicKey, FarMemory>>();
  readonly #lookedAtMs = new Map<PublicKey, number>();

  constructor(clock: Pick<Clock, 'monotonicMs' | 'wallMs'>) {
    this.#clock = clock;
  }

  /** The next changes of those due at `now`, as if they were made: what failed is read again. Undefined when there are none. */
  step(state: FarState, now = this.now()): Wave | undefined {
    this.#forget(state);
    const known = this.#pairs(state);
    const triesOf = triesByHost(known);
    const pairs = known.map((pair) => this.#begun(pair, triesOf, now));
    const due = pairs.flatMap((pair) => {
      const move = farMove(pair, now);
      return move === undefined ? [] : [{ pair, move }];
    });
    const bundles = new Map<PublicKey, DeviceChange[]>();
    for (const { pair, move } of due) {
      const changes = farChanges(move, pair).map((change) => ({ device: pair.device, change }));
      if (changes.length > 0) bundles.set(pair.device, [...(bundles.get(pair.device) ?? []), ...changes]);
    }
    const { wave } = fillWave([...bundles.values()]);
    const isMade = (pair: OwnPair, move: FarMove): boolean => move === 'note' || wave.has(pair.device);
    const made = due.filter(({ pair, move }) => isMade(pair, move));
    for (const { pair, move } of made) this.#remember(pair, farMemory(move, pair, now));
    const settled = made.filter(({ pair, move }) => move === 'settle' && !isEager(triesOf(pair)));
    if (settled.length > 0) this.#encourage(this.#pairs(state), new Set(settled.map(({ pair }) => hostOf(pair))), now);
    return wave.size === 0 ? undefined : wave;
  }

  /** Devices that are to be read again soon: when, on the monotonic clock. */
  looks(state: FarState): Map<PublicKey, number> {
    const now = this.now();
    const looks = new Map<PublicKey, number>();
    for (const pair of this.#pairs(state)) {
      const atMs = farLookAtMs(pair, now, this.#lookedAtMs.get(pair.device) ?? 0);
      if (atMs !== undefined) looks.set(pair.device, Math.min(atMs, looks.get(pair.device) ?? Infinity));
    }
    return looks;
  }

  /** The device was read now, or was to be. */
  looked(device: PublicKey): void {
    this.#lookedAtMs.set(device, this.#clock.monotonicMs());
  }

  /** Devices that listen for a call that has not come yet. */
  listening(state: FarState): PublicKey[] {
    const listening = this.#pairs(state).filter(
      ({ isCaller, held }) => !isCaller && held !== undefined && held.allowedIps.length === 0,
    );
    return [...new Set(listening.map(({ device }) => device))];
  }

  /** How many pairs send past the node, of how many that are to. */
  count(state: FarState): { direct: number; wanted: number } {
    const wanted = state.devices.filter(isTakingPart).length * foreign(state).length;
    return { direct: this.#pairs(state).filter(isSettled).length, wanted };
  }

  #pairs(state: FarState): OwnPair[] {
    const far = foreign(state);
    return state.devices.filter(isTakingPart).flatMap(({ publicKey: device }) => {
      const held = state.held.get(device);
      // What another holds is to be read first.
      if (held === undefined) return [];
      const memory = this.#memory.get(device);
      return far.map((peer): OwnPair => ({
        device,
        // Either of the two is it, and both nodes find the same.
        isCaller: device < peer.publicKey,
        peer,
        held: held.get(peer.publicKey),
        memory: memory?.get(peer.publicKey),
      }));
    });
  }

  /** A pair that is new goes on where others of its host are: where nobody answers, it is not called out of turn. */
  #begun(pair: OwnPair, triesOf: (pair: FarPair) => number, now: Now): OwnPair {
    if (pair.held !== undefined || pair.memory !== undefined) return pair;
    const tries = triesOf(pair);
    if (isEager(tries)) return pair;
    // Who is called does not know when: it listens from now on.
    const memory = { ...resting(pair, tries, now), ...(pair.isCaller ? {} : { restUntilMs: 0 }) };
    this.#remember(pair, memory);
    return { ...pair, memory };
  }

  /** The way to these hosts is open again. */
  #encourage(pairs: readonly OwnPair[], hosts: ReadonlySet<string>, now: Now): void {
    for (const pair of pairs)
      if (pair.memory !== undefined && !isSettled(pair) && hosts.has(hostOf(pair)))
        this.#remember(pair, encouraged(pair, pair.memory, now));
  }

  #remember({ device, peer: { publicKey } }: OwnPair, memory: FarMemory): void {
    const ofDevice = this.#memory.get(device) ?? new Map<PublicKey, FarMemory>();
    this.#memory.set(device, ofDevice.set(publicKey, memory));
  }

  #forget({ devices, far }: FarState): void {
    const [live, peers] = [keysOf(devices.filter(isTakingPart)), keysOf(far)];
    for (const device of this.#lookedAtMs.keys()) if (!live.has(device)) this.#lookedAtMs.delete(device);
    for (const [device, ofDevice] of this.#memory) {
      if (!live.has(device)) this.#memory.delete(device);
      for (const peer of [...ofDevice.keys()].filter((key) => !peers.has(key))) ofDevice.delete(peer);
    }
  }

  now(): Now {
    return { monotonicMs: this.#clock.monotonicMs(), wallMs: this.#clock.wallMs() };
  }
}

/** FENCE: whoever has the key of a container of ours is it. */
function foreign({ devices, far }: FarState): FarContainer[] {
  const own = keysOf(devices);
  return far.filter(({ publicKey }) => !own.has(publicKey));
}

function keysOf(all: readonly { publicKey: PublicKey }[]): Set<PublicKey> {
  return new Set(all.map(({ publicKey }) => publicKey));
}
