/** PURE: which changes are made at once: what belongs together goes together, to so few devices that it is over in a moment. */
import type { PeerChange, PublicKey } from '@wgcni/wg';

/** One change of one device, named by its public key. */
export interface DeviceChange {
  device: PublicKey;
  change: PeerChange;
}

/** The changes of each device, in order. */
export type Wave = ReadonlyMap<PublicKey, readonly PeerChange[]>;

/** In the kernel each device costs a process: with so many, two that change over together differ for some tens of milliseconds. */
export const devicesAtOnce = 16;

/** The first of `bundles`, and all others that still have room; the changes of one bundle are never parted. */
export function fillWave(bundles: readonly (readonly DeviceChange[])[]): Wave {
  const wave = new Map<PublicKey, PeerChange[]>();
  for (const bundle of bundles) {
    const fresh = new Set(bundle.map(({ device }) => device).filter((device) => !wave.has(device)));
    if (wave.size > 0 && wave.size + fresh.size > devicesAtOnce) continue;
    for (const { device, change } of bundle) {
      const changes = wave.get(device) ?? [];
      changes.push(change);
      wave.set(device, changes);
    }
  }
  return wave;
}
