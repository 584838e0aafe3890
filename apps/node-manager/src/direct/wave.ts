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

/** As many pairs as two full waves have: what fits stands close to what it fits to. */
const mostMisses = 2 * devicesAtOnce ** 2;

/** Changes that belong together. */
export type Bundle = readonly DeviceChange[];

/**
 * The first of `bundles`, and all others that still have room, until many in a row had none; the changes of one bundle are never parted. What is left is for
 * waves after it.
 */
export function fillWave(bundles: readonly Bundle[]): { wave: Wave; left: Bundle[] } {
  const wave = new Map<PublicKey, PeerChange[]>();
  const left: Bundle[] = [];
  let misses = 0;
  for (const [index, bundle] of bundles.entries()) {
    if (misses === mostMisses) return { wave, left: [...left, ...bundles.slice(index)] };
    const fresh = new Set(bundle.map(({ device }) => device).filter((device) => !wave.has(device)));
    if (wave.size > 0 && wave.size + fresh.size > devicesAtOnce) {
      left.push(bundle);
      misses += 1;
      continue;
    }
    misses = 0;
    for (const { device, change } of bundle) {
      const changes = wave.get(device) ?? [];
      changes.push(change);
      wave.set(device, changes);
    }
  }
  return { wave, left };
}
