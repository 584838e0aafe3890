/** Keeps what is known of each pair of a container of ours and one of another node, and plans their next changes. */
import type { Clock } from '@wgcni/base';
import type { PublicKey } from '@wgcni/wg';
import { type DirectDevice, isTakingPart } from './direct-device.ts';
import type { FarContainer } from './far-containers.ts';
import type { HeldPeers } from './held-peers.ts';
import {
  farChanges,
  farKeepalive,
  type FarMemory,
  farMemory,
  type FarMove,
  farMove,
  type FarPair,
  isFarPending,
  isRouted,
  type Now,
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

  constructor(clock: Pick<Clock, 'monotonicMs' | 'wallMs'>) {
    this.#clock = clock;
  }

  /** The next changes, as if they were made: what failed is read again. Undefined when there are none now. */
  step(state: FarState): Wave | undefined {
    const now = this.#now();
    this.#forget(state);
    const due = this.#pairs(state).flatMap((pair) => {
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
    for (const { pair, move } of due) if (isMade(pair, move)) this.#remember(pair, farMemory(move, pair, now));
    return wave.size === 0 ? undefined : wave;
  }

  /** Devices that are to be read again soon. */
  pending(state: FarState): PublicKey[] {
    const now = this.#now();
    const pending = this.#pairs(state).filter((pair) => isFarPending(pair, now));
    return [...new Set(pending.map(({ device }) => device))];
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
    const isSettled = ({ held, peer }: FarPair): boolean =>
      isRouted(held, peer) && held?.keepaliveSec === farKeepalive.settledSec;
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

  #remember({ device, peer: { publicKey } }: OwnPair, memory: FarMemory): void {
    const ofDevice = this.#memory.get(device) ?? new Map<PublicKey, FarMemory>();
    this.#memory.set(device, ofDevice.set(publicKey, memory));
  }

  #forget({ devices, far }: FarState): void {
    const [live, peers] = [keysOf(devices.filter(isTakingPart)), keysOf(far)];
    for (const [device, ofDevice] of this.#memory) {
      if (!live.has(device)) this.#memory.delete(device);
      for (const peer of [...ofDevice.keys()].filter((key) => !peers.has(key))) ofDevice.delete(peer);
    }
  }

  #now(): Now {
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
