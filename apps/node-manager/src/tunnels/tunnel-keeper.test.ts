/** The keeper on a device, a network and a register in memory. */
import type { Happening } from '@wgcni/api/server';
import { silentLog } from '@wgcni/base';
import { MemoryKernel } from '@wgcni/iproute';
import { ManualClock } from '@wgcni/testing';
import type { DeviceState, ObservedPeer, PublicKey } from '@wgcni/wg';
import { beforeEach, describe, expect, it } from 'vitest';
import type { ClusterView, KnownNode } from '../view/cluster-view.ts';
import { TunnelKeeper } from './tunnel-keeper.ts';

const nodeOf = (index: number): KnownNode => ({
  ...{ nodeId: `n${index}`, publicKey: `k${index}`, endpoints: [`192.0.2.${index}:51820`], modRevision: 1 },
  ...{ subnets: [{ cidr: `10.64.${index}.0/24`, grantId: 'g' }], state: 'present' },
});
const peerOf = ({ publicKey, endpoints }: KnownNode): ObservedPeer => ({
  ...{ publicKey: publicKey as PublicKey, endpoint: endpoints[0], allowedIps: [], keepaliveSec: 25 },
  ...{ latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 },
});

let clock: ManualClock;
let told: Happening[];
let renewed: string[];
let asked: string[][];
/** Who answers inside, and on the underlay. */
let alive: Set<string>;
let machines: Set<string>;
let failure: Error | undefined;
/** Why nothing can be asked on the underlay. */
let blindness: Error | undefined;
/** What becomes of peers that are written anew. */
let renewing: () => void;
/** What happens while n2 is asked. */
let duringQuestion: () => void;
let peers: ObservedPeer[];
let nodes: KnownNode[];
/** What this node holds. */
let grants: ClusterView['grants'];
let keeper: TunnelKeeper;

beforeEach(() => {
  [clock, told, renewed, asked] = [new ManualClock(), [], [], []];
  [failure, blindness] = [undefined, undefined];
  [duringQuestion, renewing] = [() => {}, () => {}];
  alive = new Set(['10.64.2.1', '10.64.3.1']);
  machines = new Set(['192.0.2.2', '192.0.2.3']);
  nodes = [nodeOf(2), nodeOf(3)];
  grants = [{ cidr: '10.64.1.0/24', grantId: 'g' }];
  peers = nodes.map(peerOf);
  const kernel = new MemoryKernel();
  kernel.addForeignRoute(undefined, {
    ...{ family: 4, destination: '192.0.2.0/24', kind: 'unicast', device: 'eth0', metric: 0, protocol: 2, table: 254 },
  });
  const device = (): DeviceState => ({ ref: { id: 'm', name: 'm' }, publicKey: undefined, listenPort: 1, peers });
  keeper = new TunnelKeeper({
    probe: {
      alive: async (addresses) => {
        if (failure !== undefined) throw failure;
        asked.push([...addresses]);
        if (addresses.includes('10.64.2.1')) duringQuestion();
        const answering = new Set(addresses.filter((address) => alive.has(address)));
        // Who answers is heard by that.
        peers = peers.map((peer) =>
          answering.has(`10.64.${peer.publicKey.slice(1)}.1`)
            ? { ...peer, receivedBytes: peer.receivedBytes + 128 }
            : peer,
        );
        return answering;
      },
    },
    pathProbe: {
      answering: async (addresses) => {
        if (blindness !== undefined) throw blindness;
        return new Set(addresses.filter((address) => machines.has(address)));
      },
    },
    view: () => ({ nodes, grants }),
    look: { within: async () => device(), take: async () => device() },
    renew: (keys) => {
      renewed.push(...keys);
      renewing();
    },
    iproute: kernel,
    events: { tell: (happening) => void told.push(happening) },
    ...{ clock, random: { bytes: (count) => new Uint8Array(count), unit: () => 1 }, log: silentLog },
  });
});

/** What else n2 sends: so many bytes in a look, in a session of this handshake. */
function sends(bytes: number, latestHandshakeAt: number): void {
  peers = peers.map((peer) =>
    peer.publicKey !== 'k2' ? peer : { ...peer, receivedBytes: peer.receivedBytes + bytes, latestHandshakeAt },
  );
}

/** Runs for so many seconds. */
async function run(seconds: number): Promise<void> {
  const stop = new AbortController();
  const ended = keeper.run(stop.signal).catch(() => undefined);
  await clock.advance(seconds * 1_000);
  stop.abort();
  await ended;
}
const states = (): string => keeper.tunnels.map(({ peer, state }) => `${peer} ${state}`).join();

describe('the tunnels of a node', () => {
  it('that are heard are not asked, the others every other turn', async () => {
    await run(5);
    expect(states()).toBe('n2 up,n3 up');
    asked = [];
    await run(5);
    expect(asked).toEqual([[]]);
    await run(5);
    expect(asked.at(-1)).toEqual(['10.64.2.1', '10.64.3.1']);
    expect(told).toEqual([]);
  });

  it('are found broken within 15 s, repaired, told of with the cause, and well again', async () => {
    await run(15);
    const beganMs = clock.monotonicMs();
    alive.delete('10.64.2.1');
    await run(10);
    expect(clock.monotonicMs() - beganMs).toBeLessThan(15_000);
    expect(states()).toBe('n2 broken,n3 up');
    expect(renewed).toEqual(['k2']);
    expect(told).toMatchObject([{ kind: 'tunnel.broken', subject: 'tunnel to n2' }]);
    expect(told[0]?.cause).toBe('192.0.2.2:51820 answers on the underlay, but there was no handshake ever');
    expect(keeper.tunnels[0]).toMatchObject({ attempts: 1, isAlarm: false, cause: told[0]?.cause });
    await run(60);
    expect([renewed.length, told.at(-1)?.kind, keeper.tunnels[0]?.isAlarm]).toEqual([3, 'tunnel.not-repaired', true]);
    alive.add('10.64.2.1');
    await run(5);
    expect(told.at(-1)).toMatchObject({ kind: 'tunnel.well', subject: 'tunnel to n2' });
    expect(keeper.tunnels[0]).toMatchObject({ state: 'up', cause: null, attempts: 0, isAlarm: false });
  });

  it('to a node whose host drops echoes are left as they are while packets come', async () => {
    await run(15);
    alive.delete('10.64.2.1');
    let doubts = 0;
    duringQuestion = () => {
      doubts += 1;
      sends(50_000, 1_000);
    };
    for (let turns = 0; turns < 200; turns += 1) {
      // Sometimes nothing comes between two looks, and then something while it is asked.
      if (turns % 3 !== 0) sends(50_000, 1_000);
      await run(3);
    }
    expect(doubts).toBeGreaterThan(50);
    expect([states(), renewed, told]).toEqual(['n2 up,n3 up', [], []]);
    expect(keeper.tunnels[0]).toMatchObject({ cause: expect.stringMatching(/no echo is answered/) as string });
  });

  it('called broken are well by the packets of another session, without an echo', async () => {
    await run(15);
    alive.delete('10.64.2.1');
    await run(10);
    expect([states(), renewed]).toEqual(['n2 broken,n3 up', ['k2']]);
    peers = peers.map((peer) =>
      peer.publicKey === 'k2' ? { ...peer, receivedBytes: 92, latestHandshakeAt: 1_000 } : peer,
    );
    await run(3);
    sends(32, 1_000);
    await run(3);
    expect([states(), told.at(-1)?.kind, renewed]).toEqual(['n2 up,n3 up', 'tunnel.well', ['k2']]);
    // A node that answers no echo sends an empty packet for what it was asked with.
    for (let turns = 0; turns < 100; turns += 1) {
      if (turns % 4 === 0) sends(32, 1_000);
      await run(3);
    }
    expect([states(), renewed.length]).toEqual(['n2 up,n3 up', 1]);
    await run(30);
    expect([states(), renewed.length > 1]).toEqual(['n2 broken,n3 up', true]);
  });

  it('are told of and repaired, and well again, though the cause cannot be looked for', async () => {
    await run(15);
    alive.delete('10.64.2.1');
    blindness = new Error('fping could not be used');
    await run(10);
    expect(told).toMatchObject([
      { kind: 'tunnel.broken', cause: 'the cause could not be looked for: fping could not be used' },
    ]);
    expect([renewed, keeper.problem]).toEqual([['k2'], null]);
    alive.add('10.64.2.1');
    await run(5);
    expect(told.at(-1)).toMatchObject({ kind: 'tunnel.well', subject: 'tunnel to n2' });
  });

  it('are told with the handshake they had, also once their peers are written anew', async () => {
    const handshakeAt = Math.round(clock.wallMs() / 1_000) - 100;
    sends(0, handshakeAt);
    await run(15);
    alive.delete('10.64.2.1');
    renewing = () => sends(0, 0);
    await run(60);
    expect(renewed.length).toBeGreaterThan(2);
    expect(peers[0]?.latestHandshakeAt).toBe(0);
    expect(keeper.tunnels[0]?.cause).toMatch(/^192\.0\.2\.2:51820 answers on the underlay/);
    expect(keeper.tunnels[0]?.cause).not.toMatch(/ever/);
    expect([...keeper.handshakes]).toEqual([['n2', handshakeAt]]);
  });

  it('to many that break at once are one event', async () => {
    nodes = Array.from({ length: 30 }, (_, index) => nodeOf(index + 2));
    peers = nodes.map(peerOf);
    alive = new Set(nodes.map((_, index) => `10.64.${index + 2}.1`));
    await run(10);
    [alive, machines] = [new Set(), new Set()];
    await run(15);
    expect(told.map(({ kind, subject }) => [kind, subject])).toEqual([['tunnel.broken', '30 tunnels']]);
  });

  it('are asked again though more are broken than a turn has time for, and only who was asked is repaired', async () => {
    nodes = Array.from({ length: 200 }, (_, index) => nodeOf(index + 2));
    peers = nodes.map(peerOf);
    alive = new Set(nodes.map((_, index) => `10.64.${index + 2}.1`));
    await run(10);
    [alive, machines] = [new Set(), new Set()];
    await run(30);
    const last = 'n201';
    expect(keeper.tunnels.filter(({ state }) => state === 'broken')).toHaveLength(200);
    expect(keeper.turnSec).toBe(12);
    alive.add('10.64.201.1');
    await run(15);
    expect(keeper.tunnels.filter(({ state }) => state === 'up').map(({ peer }) => peer)).toEqual([last]);
    const before = renewed.length;
    await run(120);
    expect(renewed.slice(before)).not.toContain('k201');
    expect(keeper.tunnels.filter(({ isAlarm }) => isAlarm)).toHaveLength(199);
  });

  it('of a device that lacked its peers for a moment are judged at once, as what was up', async () => {
    await run(15);
    const before = peers;
    peers = [];
    await run(5);
    peers = before.map((peer) => ({ ...peer, receivedBytes: 0 }));
    alive.delete('10.64.2.1');
    await run(5);
    expect(states()).toBe('n2 broken,n3 up');
  });

  it('are forgotten with their nodes, and with the subnets of these, however they were', async () => {
    await run(5);
    alive = new Set();
    await run(120);
    expect(keeper.tunnels).toMatchObject([{ isAlarm: true }, { isAlarm: true }]);
    nodes = [{ ...nodeOf(2), subnets: [] }, nodeOf(3)];
    await run(5);
    expect(states()).toBe('n3 broken');
    nodes = [nodeOf(2)];
    await run(5);
    expect(states()).toBe('n2 unknown');
  });

  it('are forgotten once this node holds nothing, and when the device lacks a peer for more than a minute', async () => {
    await run(5);
    peers = peers.filter(({ publicKey }) => publicKey === 'k3');
    await run(50);
    expect(states()).toBe('n2 up,n3 up');
    await run(20);
    expect(states()).toBe('n3 up');
    grants = [];
    await run(5);
    expect(states()).toBe('');
  });

  it('are unknown while nobody can be asked, and the status says why', async () => {
    await run(5);
    failure = new Error('no fping');
    await run(10);
    expect([states(), keeper.problem]).toEqual(['n2 unknown,n3 unknown', 'no fping']);
    failure = undefined;
    await run(5);
    expect([states(), keeper.problem, told]).toEqual(['n2 up,n3 up', null, []]);
  });
});
