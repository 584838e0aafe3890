/** Which paths are tried when, and what is said of them. */
import { CatalogueError, type Log, silentLog } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import type { ObservedPeer } from '@wgcni/wg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KnownNode, NetworkPlan } from '../view/cluster-view.ts';
import { PathKeeper } from './path-keeper.ts';
import type { PathProbe } from './path-probe.ts';

const network: NetworkPlan = {
  ...{ networkId: 'a'.repeat(32), pools: [], mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30, holdDownSec: 60 },
};

const nodeNamed = (nodeId: string): KnownNode => ({
  ...{ nodeId, publicKey: `key of ${nodeId}`, endpoints: [], subnets: [], modRevision: 1, state: 'present' },
});

function peerAt(nodeId: string, endpoint: string | undefined): ObservedPeer {
  const publicKey = `key of ${nodeId}` as ObservedPeer['publicKey'];
  return {
    publicKey,
    endpoint,
    allowedIps: [],
    keepaliveSec: 25,
    latestHandshakeAt: 0,
    receivedBytes: 0,
    sentBytes: 0,
  };
}

/** Answers by what a path carries: packets of the underlay, of the family of the address. */
class TableProbe implements PathProbe {
  readonly carries = new Map<string, number>();
  readonly asked: string[][] = [];
  failure: Error | undefined;

  async answering(addresses: readonly string[], payload: number): Promise<ReadonlySet<string>> {
    if (this.failure !== undefined) throw this.failure;
    this.asked.push([...addresses]);
    const bytes = (address: string): number => payload + 8 + (address.includes(':') ? 40 : 20);
    return new Set(addresses.filter((address) => (this.carries.get(address) ?? 0) >= bytes(address)));
  }
}

describe('the paths of a node', () => {
  let clock: ManualClock;
  let probe: TableProbe;
  let logged: { event: string; fields: Record<string, unknown> }[];
  let view: { network: NetworkPlan | null; nodes: KnownNode[] };
  let peers: ObservedPeer[];
  /** How often the device was read. */
  let looks: number;
  let paths: PathKeeper;
  let stop: AbortController;
  beforeEach(() => {
    clock = new ManualClock();
    probe = new TableProbe();
    logged = [];
    view = { network, nodes: [nodeNamed('n2'), nodeNamed('n3')] };
    peers = [peerAt('n2', '192.0.2.2:51820'), peerAt('n3', '[2001:db8::3]:51820')];
    probe.carries.set('192.0.2.2', 1_500).set('2001:db8::3', 1_500);
    const note = (fields: object, event: string): void => void logged.push({ event, fields: { ...fields } });
    const log: Log = { ...silentLog, info: note, warn: note };
    const random = { bytes: () => new Uint8Array(0), unit: () => 0.5 };
    looks = 0;
    const observed = async (): Promise<ObservedPeer[]> => {
      looks += 1;
      return peers;
    };
    paths = new PathKeeper({ probe, view: () => view, peers: observed, clock, random, log });
    stop = new AbortController();
  });
  afterEach(() => stop.abort(new Error('the test is over')));

  const events = (): string[] => logged.map(({ event }) => event);

  it('fit when each takes the largest packet of its family', async () => {
    await paths.look('all');
    expect(paths.paths).toEqual([
      { nodeId: 'n2', endpoint: '192.0.2.2:51820', carries: 1_480, needs: 1_480 },
      { nodeId: 'n3', endpoint: '[2001:db8::3]:51820', carries: 1_500, needs: 1_500 },
    ]);
    expect([probe.asked, paths.problem, events()]).toEqual([[['192.0.2.2', '2001:db8::3']], null, []]);
  });

  it('too small are named once, with numbers and what to set, and again when they fit', async () => {
    probe.carries.set('2001:db8::3', 1_492);
    await paths.look('all');
    await paths.look('all');
    const small = { nodeId: 'n3', endpoint: '[2001:db8::3]:51820', carries: 1_492, needs: 1_500 };
    expect(paths.paths[1]).toEqual(small);
    expect(logged).toEqual([{ event: 'mesh.path-too-small', fields: { ...small, remedy: expect.any(String) } }]);
    expect(logged[0]?.fields.remedy).toContain('wgcni network set --mtu 1412');
    probe.carries.set('2001:db8::3', 1_500);
    await paths.look('all');
    expect(events()).toEqual(['mesh.path-too-small', 'mesh.path-fits']);
  });

  it('that answer to nothing are unknown, and nothing is said of them', async () => {
    probe.carries.clear();
    await paths.look('all');
    expect(paths.paths.map(({ carries }) => carries)).toEqual([null, null]);
    expect(events()).toEqual([]);
  });

  it('of peers without an endpoint, or that nobody knows, are none', async () => {
    peers = [peerAt('n2', undefined), peerAt('stranger', '192.0.2.9:51820')];
    await paths.look('all');
    peers.push(peerAt('n3', '[2001:db8::3]:51820'));
    view.network = null;
    await paths.look('all');
    expect([paths.paths, probe.asked]).toEqual([[], []]);
  });

  it('are tried anew when the endpoint or the MTU has changed, and those that have not are left alone', async () => {
    await paths.look('all');
    probe.asked.length = 0;
    await paths.look('new');
    expect(probe.asked).toEqual([]);
    probe.carries.set('192.0.2.22', 1_500);
    peers = [peerAt('n2', '192.0.2.22:51820'), peerAt('n3', '[2001:db8::3]:51820')];
    await paths.look('new');
    expect(probe.asked.at(-1)).toEqual(['192.0.2.22']);
    view.network = { ...network, mtu: 1_440 };
    await paths.look('new');
    expect(paths.paths).toMatchObject([
      { carries: 1_500, needs: 1_500 },
      { carries: 1_500, needs: 1_520 },
    ]);
  });

  it('cannot be tried without the program: that is said once, and they are tried again', async () => {
    probe.failure = new CatalogueError('config.invalid', '"fping" is not installed', { remedy: 'install it' });
    await paths.look('all');
    await paths.look('new');
    expect([paths.paths, paths.problem]).toEqual([[], '"fping" is not installed: install it']);
    expect(events()).toEqual(['mesh.paths-untried']);
    probe.failure = undefined;
    await paths.look('new');
    expect([paths.paths.length, paths.problem]).toEqual([2, null]);
  });

  it('are tried five seconds after a change, however many changes there are, and all of them every five minutes', async () => {
    const ended = paths.run(stop.signal).catch(() => undefined);
    await clock.advance(4_900);
    expect(probe.asked).toEqual([]);
    await clock.advance(100);
    await expect.poll(() => paths.paths.length).toBe(2);
    for (let change = 0; change < 10; change += 1) {
      paths.trigger();
      await clock.advance(400);
    }
    await clock.advance(5_000);
    await expect.poll(() => looks).toBe(2);
    expect(probe.asked).toHaveLength(1);
    await clock.advance(300_000);
    paths.trigger();
    await expect.poll(async () => clock.advance(5_000).then(() => probe.asked.length)).toBe(2);
    expect(probe.asked[1]).toHaveLength(2);
    stop.abort(new Error('enough'));
    await ended;
  });
});
