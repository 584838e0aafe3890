/** Between nodes that let nothing but the mesh pass, direct peers cost a node next to nothing, and keep nothing else of it waiting. */
import { silentLog } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import { applyPeerChanges, type DeviceState, type ObservedPeer, type PublicKey } from '@wgcni/wg';
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import type { DirectDevice } from './direct-device.ts';
import { DirectPeers } from './direct-peers.ts';
import type { FarContainer } from './far-containers.ts';

const newKey = (): PublicKey => randomBytes(32).toString('base64') as PublicKey;
const devices = Array.from({ length: 6 }, (_, id): DirectDevice => ({
  ...{ ref: { id: `d${id}`, name: 'eth0' }, publicKey: newKey(), isPeer: true, isPublished: true },
  ...{ endpoint: `127.0.0.1:${61_000 + id}`, allowedIps: [`10.64.1.${id + 2}/32`] },
}));
const farAll = Array.from({ length: 9 }, (_, id): FarContainer => ({
  publicKey: newKey(),
  ...{ endpoint: `192.0.2.${id}:61000`, allowedIps: [`10.64.${id + 10}.2/32`] },
}));

it('a way that is barred is tried all four minutes, by few looks and writes, and no run lasts', async () => {
  const clock = new ManualClock();
  const near = new Set(devices.map(({ publicKey }) => publicKey));
  const held = new Map<string, ObservedPeer[]>(devices.map(({ ref }) => [ref.id, []]));
  let [reads, writes, runs, differences] = [0, 0, 0, 0];
  /** Only those of this node answer. */
  const unheard = <T extends { publicKey: PublicKey }>(peer: T) => ({
    ...peer,
    latestHandshakeAt: near.has(peer.publicKey) ? 1 : 0,
    receivedBytes: 0,
    sentBytes: 0,
  });
  let far: FarContainer[] = [];
  const direct = new DirectPeers({
    devices: {
      observe: async (ref) => {
        reads += 1;
        await clock.sleep(8);
        const publicKey = devices.find((device) => device.ref === ref)?.publicKey;
        return { publicKey, listenPort: 1, peers: held.get(ref.id) ?? [] } as unknown as DeviceState;
      },
      changeEach: (all) =>
        all.map(async ({ ref, changes }) => {
          writes += 1;
          await clock.sleep(8);
          held.set(ref.id, applyPeerChanges(held.get(ref.id) ?? [], changes, unheard));
        }),
    },
    ...{ node: newKey(), current: () => devices, far: () => far, clock, log: silentLog },
    differed: (count) => (differences += count),
  });
  let isWoken = false;
  direct.onChange(() => (isWoken = true));
  const stop = new AbortController();
  const loop = async (): Promise<never> => {
    for (;;) {
      isWoken = false;
      await direct.reconcile();
      runs += 1;
      if (!isWoken) await clock.sleep(2_000, stop.signal);
    }
  };
  void loop().catch(() => undefined);
  // They come one after the other.
  for (let minute = 0; minute < 3; minute += 1) {
    far = farAll.slice(0, 3 * (minute + 1));
    await pass(clock, 60_000);
  }
  [reads, writes, runs, differences] = [0, 0, 0, 0];
  await pass(clock, 240_000);
  stop.abort(new Error('over'));
  // In four minutes each is called and let go once; beside the calls, all six are looked at every two seconds, for they listen, and one more.
  expect(writes).toBeGreaterThan(0);
  expect(writes).toBeLessThanOrEqual(4 * devices.length);
  expect(reads).toBeLessThanOrEqual((devices.length + 1) * 120 + 8 * devices.length);
  expect(runs).toBeGreaterThanOrEqual(110);
  expect(differences).toBe(0);
}, 60_000);

async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 2_000) await clock.advance(2_000);
}
