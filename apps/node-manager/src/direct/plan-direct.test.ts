/** How a container's device comes to have the others as peers, step by step. */
import { systemKeys } from '@wgcni/wg';
import { describe, expect, it } from 'vitest';
import type { DirectDevice } from './direct-device.ts';
import { afterChanges, type HeldPeers } from './held-peers.ts';
import { awaited, countPairs, nextStep, waveOf } from './plan-direct.ts';
import { devicesAtOnce } from './wave.ts';

const keys = Array.from({ length: 40 }, () => systemKeys.generate().publicKey);
const nobody: HeldPeers = new Map();

const deviceAt = (index: number): DirectDevice => ({
  ref: { id: `wg${index}`, name: 'eth0', netns: `/run/netns/${index}` },
  publicKey: keys[index] ?? raise(),
  isPeer: true,
  endpoint: `127.0.0.1:${61_000 + index}`,
  allowedIps: [`10.64.3.${index + 2}/32`],
});
const [one, two, three] = [deviceAt(0), deviceAt(1), deviceAt(2)];

describe('a pair', () => {
  const devices = [one, two];

  it('is introduced on both sides, called by the later one, and sends past the node when it has met', () => {
    let held = new Map([one, two].map(({ publicKey }) => [publicKey, nobody]));
    const seen: unknown[] = [];
    for (let round = 0; round < 10; round += 1) {
      const step = nextStep({ devices, held });
      if (step === undefined && awaited({ devices, held }).length === 0) break;
      if (step === undefined) {
        expect(awaited({ devices, held })).toEqual([two.publicKey]);
        held.set(two.publicKey, met(held.get(two.publicKey) ?? nobody));
        seen.push('met');
        continue;
      }
      seen.push([step.kind, ...[...step.changes.keys()].map((key) => keys.indexOf(key)).sort()]);
      held = new Map([...held].map(([key, holds]) => [key, afterChanges(holds, step.changes.get(key) ?? [])]));
    }
    expect(seen).toEqual([['introduce', 0, 1], ['call', 1], 'met', ['route', 0, 1]]);
    expect(held.get(one.publicKey)?.get(two.publicKey)).toMatchObject({ ...peerOf(two), keepaliveSec: 0 });
    expect(held.get(two.publicKey)?.get(one.publicKey)).toMatchObject({ ...peerOf(one), keepaliveSec: 0 });
    expect(countPairs({ devices, held })).toEqual({ direct: 1, wanted: 1 });
  });

  it('stays with the node while it has not met', () => {
    const held = new Map([
      [one.publicKey, holding(two, { allowedIps: [] })],
      [two.publicKey, holding(one, { allowedIps: [], keepaliveSec: 25 })],
    ]);
    expect(nextStep({ devices, held })).toBeUndefined();
    expect(countPairs({ devices, held })).toEqual({ direct: 0, wanted: 1 });
  });

  it('waits for a device of which nothing is known', () => {
    const held = new Map([[one.publicKey, nobody]]);
    expect(nextStep({ devices, held })).toBeUndefined();
  });

  it('that only one side has changed over is mended before anything else begins', () => {
    const held = new Map([
      [one.publicKey, holding(two)],
      [two.publicKey, holding(one, { allowedIps: [] })],
      [three.publicKey, nobody],
    ]);
    const step = nextStep({ devices: [one, two, three], held });
    expect(step).toMatchObject({ kind: 'route' });
    expect([...(step?.changes ?? [])]).toEqual([
      [two.publicKey, [{ kind: 'update', publicKey: one.publicKey, allowedIps: one.allowedIps, keepaliveSec: 0 }]],
    ]);
  });

  it('of which one side knows nothing of the other begins anew', () => {
    const held = new Map([
      [one.publicKey, holding(two)],
      [two.publicKey, nobody],
    ]);
    const step = nextStep({ devices, held });
    expect([...(step?.changes ?? [])]).toEqual([[one.publicKey, [{ kind: 'remove', publicKey: two.publicKey }]]]);
  });
});

describe('who leaves', () => {
  it('is taken out of all others before its address has another peer', () => {
    const next: DirectDevice = { ...three, allowedIps: two.allowedIps };
    const held = new Map([
      [one.publicKey, holding(two)],
      [three.publicKey, holding(one, { allowedIps: [] })],
    ]);
    const step = nextStep({ devices: [one, next], held });
    expect(step).toMatchObject({ kind: 'withdraw' });
    expect([...(step?.changes ?? [])]).toEqual([[one.publicKey, [{ kind: 'remove', publicKey: two.publicKey }]]]);
  });

  it('is taken out before anybody else changes over', () => {
    const gone = deviceAt(3).publicKey;
    const held = new Map([
      [one.publicKey, new Map([...met(holding(two, { allowedIps: [] })), ...holding(deviceAt(3))])],
      [two.publicKey, holding(one, { allowedIps: [] })],
    ]);
    const step = nextStep({ devices: [one, two], held });
    expect([...(step?.changes ?? [])]).toEqual([[one.publicKey, [{ kind: 'remove', publicKey: gone }]]]);
  });

  it('and who is no peer any more, gives up the others at the same time', () => {
    const held = new Map([
      [one.publicKey, holding(two)],
      [two.publicKey, holding(one)],
    ]);
    const step = nextStep({ devices: [one, { ...two, isPeer: false }], held });
    expect(step?.kind).toBe('withdraw');
    expect([...(step?.changes.keys() ?? [])].sort()).toEqual([one.publicKey, two.publicKey].sort());
  });
});

it.each([
  ['planned anew for each wave', false],
  ['planned once', true],
])('with many devices changes few at once, and both sides of a pair together, in few waves: %s', (_, isPlannedOnce) => {
  const devices = keys.map((_, index) => deviceAt(index));
  let held = new Map(
    devices.map((device) => [
      device.publicKey,
      new Map(
        devices.filter((other) => other !== device).flatMap((other) => [...met(holding(other, { allowedIps: [] }))]),
      ) as HeldPeers,
    ]),
  );
  let waves = 0;
  let step = nextStep({ devices, held });
  while (step !== undefined) {
    waves += 1;
    expect(step.kind).toBe('route');
    expect(step.changes.size).toBeLessThanOrEqual(devicesAtOnce);
    for (const [key, changes] of step.changes)
      for (const change of changes) {
        const other = change.kind === 'update' ? change.publicKey : raise();
        expect(step.changes.get(other)?.some((back) => back.kind === 'update' && back.publicKey === key)).toBe(true);
      }
    const wave = step.changes;
    held = new Map([...held].map(([key, holds]) => [key, afterChanges(holds, wave.get(key) ?? [])]));
    step = isPlannedOnce ? waveOf(step.kind, step.left) : nextStep({ devices, held });
  }
  expect(countPairs({ devices, held })).toEqual({ direct: 780, wanted: 780 });
  // Five groups of eight: each with itself and with each other.
  expect(waves).toBeLessThanOrEqual(15);
});

function peerOf({ publicKey, endpoint, allowedIps }: DirectDevice) {
  return { publicKey, endpoint, allowedIps };
}

function holding(other: DirectDevice, more: { allowedIps?: string[]; keepaliveSec?: number } = {}): HeldPeers {
  const held = { ...peerOf(other), keepaliveSec: 0, isMet: false, metAtSec: 0, heardBytes: 0, ...more };
  return new Map([[other.publicKey, held]]);
}

function met(held: HeldPeers): HeldPeers {
  return new Map([...held].map(([key, peer]) => [key, { ...peer, isMet: true }]));
}

function raise(): never {
  throw new Error('no such device');
}
