/** Containers that come and go in any order, with changes that fail or come unheard: no device sends for long to one that does not know it. */
import { applyPeerChanges, type ObservedPeer, type PublicKey, systemKeys } from '@wgcni/wg';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DirectDevice } from './direct-device.ts';
import { afterChanges, type HeldPeers, heldPeersOf } from './held-peers.ts';
import { type DirectState, type DirectStep, nextStep } from './plan-direct.ts';
import { devicesAtOnce } from './wave.ts';

const node = systemKeys.generate().publicKey;
const hub: ObservedPeer = {
  ...{ publicKey: node, endpoint: '127.0.0.1:51821', allowedIps: ['0.0.0.0/0', '::/0'], keepaliveSec: 0 },
  ...{ latestHandshakeAt: 1, receivedBytes: 0, sentBytes: 0 },
};
const keys = Array.from({ length: 60 }, () => systemKeys.generate().publicKey);

/** What the machine holds, and what its node-manager believes of it. */
class Machine {
  readonly tables = new Map<PublicKey, ObservedPeer[]>();
  readonly believed = new Map<PublicKey, HeldPeers>();
  devices: DirectDevice[] = [];
  isOn = true;
  #made = 0;

  /** The address of one that left is given to the next at once: there are few. */
  join(): void {
    const publicKey = keys[this.#made];
    const free = [1, 2, 3, 4, 5, 6].find(
      (one) => !this.devices.some(({ allowedIps }) => allowedIps[0] === `10.0.0.${one}/32`),
    );
    if (publicKey === undefined || free === undefined) return;
    this.#made += 1;
    const ref = { id: `wg${this.#made}`, name: 'eth0', netns: `/run/netns/${this.#made}` };
    const allowedIps = [`10.0.0.${free}/32`, `fd00::${free}/128`];
    this.devices.push({ ref, publicKey, isPeer: true, endpoint: `127.0.0.1:${61_000 + this.#made}`, allowedIps });
    this.tables.set(publicKey, [hub]);
  }

  leave(which: number): void {
    const gone = this.devices[which % Math.max(1, this.devices.length)];
    if (gone === undefined) return;
    this.devices = this.devices.filter((device) => device !== gone);
    this.tables.delete(gone.publicKey);
    this.believed.delete(gone.publicKey);
  }

  /** The node-manager starts again and knows nothing of what the devices hold. */
  forget(): void {
    this.believed.clear();
  }

  /** Reads what is not known, and what was called for. */
  read(): void {
    for (const { publicKey } of this.devices)
      this.believed.set(publicKey, heldPeersOf(this.tables.get(publicKey) ?? [], node));
  }

  get state(): DirectState {
    const { isOn } = this;
    return {
      devices: this.devices.map((device) => ({ ...device, isPeer: device.isPeer && isOn })),
      held: this.believed,
    };
  }

  /** Carries a step out; `fates` say for each device whether the change is made, and whether that is heard. */
  take({ changes }: DirectStep, fates: readonly ('made' | 'failed' | 'unheard')[] = []): void {
    expect(this.#hasty(changes)).toEqual([]);
    [...changes].forEach(([publicKey, ofDevice], index) => {
      const fate = fates[index % Math.max(1, fates.length)] ?? 'made';
      const table = this.tables.get(publicKey);
      if (table !== undefined && fate !== 'failed')
        this.tables.set(publicKey, applyPeerChanges(table, ofDevice, unheard));
      if (fate === 'made')
        this.believed.set(publicKey, afterChanges(this.believed.get(publicKey) ?? new Map(), ofDevice));
      else this.believed.delete(publicKey);
    });
    this.#shakeHands();
  }

  /** Routes that would be made between two of which one does not know the other, or that have neither met nor begun. */
  #hasty(changes: DirectStep['changes']): string[] {
    return [...changes].flatMap(([from, ofDevice]) =>
      ofDevice.flatMap((change) => {
        const peer = change.kind === 'add' ? change.peer : change;
        if (!('allowedIps' in peer) || peer.allowedIps === undefined || peer.allowedIps.length === 0) return [];
        const [there, back] = [this.#entry(from, peer.publicKey), this.#entry(peer.publicKey, from)];
        const isReady = there !== undefined && back !== undefined;
        const hasBegun = back !== undefined && (back.latestHandshakeAt > 0 || back.allowedIps.length > 0);
        return isReady && hasBegun ? [] : [nameOf({ from, to: peer.publicKey })];
      }),
    );
  }

  /** Whoever has a keepalive towards one that knows it meets it. */
  #shakeHands(): void {
    for (const [key, table] of this.tables)
      for (const peer of table.filter(({ keepaliveSec }) => keepaliveSec > 0)) {
        const back = this.tables.get(peer.publicKey)?.find(({ publicKey }) => publicKey === key);
        if (back !== undefined) peer.latestHandshakeAt = back.latestHandshakeAt = 1;
      }
  }

  /** Routes past the node to a device that is not there or does not know the sender. */
  lost(): string[] {
    return this.#routes()
      .filter(({ from, to }) => !this.#entry(to, from))
      .map(nameOf);
  }

  /** Routes past the node whose answers go by it. */
  torn(): string[] {
    return this.#routes()
      .filter(({ from, to }) => (this.#entry(to, from)?.allowedIps.length ?? 0) === 0)
      .map(nameOf);
  }

  direct(): number {
    return this.#routes().length / 2;
  }

  /** Devices on which the node is not all it was, or two peers claim one address. */
  broken(): string[] {
    return [...this.tables].flatMap(([key, table]) => {
      const blocks = table.flatMap(({ allowedIps }) => allowedIps);
      const isWhole = table.some((peer) => peer.publicKey === node && peer.allowedIps.length === 2);
      return isWhole && new Set(blocks).size === blocks.length ? [] : [key];
    });
  }

  #routes(): { from: PublicKey; to: PublicKey }[] {
    return [...this.tables].flatMap(([from, table]) =>
      table
        .filter(({ publicKey, allowedIps }) => publicKey !== node && allowedIps.length > 0)
        .map(({ publicKey }) => ({ from, to: publicKey })),
    );
  }

  #entry(of: PublicKey, peer: PublicKey): ObservedPeer | undefined {
    return this.tables.get(of)?.find(({ publicKey }) => publicKey === peer);
  }
}

const fate = fc.oneof(
  { weight: 6, arbitrary: fc.constant('made' as const) },
  { weight: 1, arbitrary: fc.constantFrom('failed' as const, 'unheard' as const) },
);
const stepEvent = fc.record({
  kind: fc.constant('step' as const),
  fates: fc.array(fate, { minLength: 1, maxLength: 6 }),
});
const event = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('join' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('leave' as const), which: fc.nat(20) }) },
  { weight: 14, arbitrary: stepEvent },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('read' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('switch' as const) }) },
);

describe('direct peers, whatever comes in between', () => {
  it('send to nobody who does not know them once the next step is done, and leave the way by the node alone', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120, size: 'max' }), (events) => {
        const machine = new Machine();
        for (const one of events) {
          happen(machine, one);
          expect(machine.broken()).toEqual([]);
        }
        settle(machine);
      }),
      { numRuns: 300 },
    );
  });
});

type Event = typeof event extends fc.Arbitrary<infer E> ? E : never;

function happen(machine: Machine, one: Event): void {
  if (one.kind === 'join') machine.join();
  else if (one.kind === 'leave') machine.leave(one.which);
  else if (one.kind === 'read') machine.read();
  else if (one.kind === 'restart') machine.forget();
  else if (one.kind === 'switch') machine.isOn = !machine.isOn;
  else {
    const step = nextStep(machine.state);
    if (step !== undefined) machine.take(step, one.fates);
  }
}

/** Nothing fails any more: each kind of step finds the ones before it done, and in the end everybody has everybody. */
function settle(machine: Machine): void {
  for (let steps = 0; ; steps += 1) {
    expect(steps).toBeLessThan(60);
    machine.read();
    const step = nextStep(machine.state);
    if (step?.kind !== 'withdraw') expect(machine.lost()).toEqual([]);
    if (step?.kind !== 'withdraw' && step?.kind !== 'route') expect(machine.torn()).toEqual([]);
    if (step === undefined) break;
    expect(step.changes.size).toBeLessThanOrEqual(devicesAtOnce);
    const before = machine.torn();
    machine.take(step);
    expect(machine.broken()).toEqual([]);
    // A step tears nothing that the same step does not mend.
    expect(machine.torn().filter((one) => !before.includes(one))).toEqual([]);
  }
  const count = machine.devices.length;
  expect(machine.direct()).toBe(machine.isOn ? (count * count - count) / 2 : 0);
}

function nameOf({ from, to }: { from: string; to: string }): string {
  return `${from} → ${to}`;
}

function unheard(peer: {
  publicKey: PublicKey;
  endpoint: string | undefined;
  allowedIps: readonly string[];
  keepaliveSec: number;
}): ObservedPeer {
  return { ...peer, latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 };
}
