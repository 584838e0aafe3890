/** What other nodes are told of the containers: whole, not too often, taken back, and the address of one that left rests until they have followed. */
import { CatalogueError, type Log, silentLog, systemRandom } from '@wgcni/base';
import { ManualClock, settled } from '@wgcni/testing';
import type { PublicKey } from '@wgcni/wg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContainersPublisher } from './publisher.ts';
import type { PublishedContainer } from './standing-list.ts';

const container = (name: string): PublishedContainer => ({ publicKey: name, port: 61_000, addresses: ['10.64.3.2'] });
const key = (name: string) => name as PublicKey;

let clock: ManualClock;
let publisher: ContainersPublisher;
let wanted: PublishedContainer[];
/** What the store shows; follows what is written unless it is cut off. */
let shown: { containers: PublishedContainer[]; revision: number } | undefined;
let isOn: boolean;
let isRegistered: boolean;
let isCutOff: boolean;
let room: number;
let refusal: CatalogueError | undefined;
let written: string[][];
let events: string[];
let stop: AbortController;

const log: Log = { ...silentLog, info: (_, event) => events.push(event), warn: (_, event) => events.push(event) };

beforeEach(() => {
  clock = new ManualClock();
  [wanted, shown, isOn, isRegistered, isCutOff, room] = [[], { containers: [], revision: 1 }, true, true, false, 64];
  [refusal, written, events, stop] = [undefined, [], [], new AbortController()];
  start();
});
afterEach(() => stop.abort(new Error('over')));

function start(): void {
  publisher = new ContainersPublisher({
    ...{ nodeId: 'n1', instance: 'i', clock, random: systemRandom, log },
    ...{ wanted: () => (isOn ? wanted : []), shown: () => shown, isOn: () => isOn, isRegistered: () => isRegistered },
  });
  void publisher.run({ putContainers }, stop.signal).catch(() => undefined);
}

async function putContainers(_: string, { containers }: { containers: PublishedContainer[] }) {
  written.push(containers.map(({ publicKey }) => publicKey));
  if (refusal !== undefined) throw refusal;
  const revision = (shown?.revision ?? 0) + 1;
  const published = Math.min(room, containers.length);
  if (!isCutOff) shown = { containers: containers.slice(0, published), revision };
  return { published, revision };
}

async function want(...names: string[]): Promise<void> {
  wanted = names.map(container);
  publisher.changed();
  await settled();
}

async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) await clock.advance(500);
  await settled();
}

describe('what other nodes are told', () => {
  it('is everything, once, and what comes within a second of that as one', async () => {
    await want('a');
    await want('a', 'b');
    await want('a', 'b', 'c');
    expect(written).toEqual([['a']]);
    await pass(1_000);
    expect(written).toEqual([['a'], ['a', 'b', 'c']]);
    await pass(20_000);
    expect(written).toHaveLength(2);
    expect(publisher.status()).toEqual({ published: 3, unpublished: 0 });
  });

  it('is said by who is registered, and has read what stands there', async () => {
    [isRegistered, shown] = [false, undefined];
    await want('a');
    isRegistered = true;
    await want('a');
    expect(written).toEqual([]);
    shown = { containers: [container('a')], revision: 5 };
    await want('a');
    expect(written).toEqual([]);
    await want('b');
    expect(written).toEqual([['b']]);
  });

  it('is said again when the store has lost it, and those that were known stay known meanwhile', async () => {
    await want('a');
    await pass(1_000);
    [shown, refusal] = [{ containers: [], revision: 9 }, new CatalogueError('leader.absent', 'nobody leads')];
    await want('a');
    expect(written).toEqual([['a'], ['a']]);
    expect(publisher.isPublished(key('a'))).toBe(true);
    refusal = undefined;
    await pass(15_000);
    expect(shown.containers).toEqual([container('a')]);
  });

  it('is said again to a store that went back to before it was said', async () => {
    shown = { containers: [], revision: 1_000 };
    await want('a');
    await pass(1_000);
    shown = { containers: [], revision: 900 };
    await pass(10_000);
    expect(written).toEqual([['a'], ['a']]);
    expect(shown).toEqual({ containers: [container('a')], revision: 901 });
  });

  it('is said once in half a minute while the watch shows nothing of it', async () => {
    isCutOff = true;
    await want('a');
    await pass(25_000);
    expect(written).toHaveLength(1);
    await pass(65_000);
    expect(written).toHaveLength(3);
  });

  it('is at most 64; where the cluster has less room the rest is asked for again after half a minute', async () => {
    await want(...Array.from({ length: 70 }, (_, index) => `k${index}`));
    expect(written[0]).toHaveLength(64);
    expect(publisher.status()).toEqual({ published: 64, unpublished: 6 });
    await pass(1_000);
    room = 1;
    await want('a', 'b');
    expect([publisher.isPublished(key('a')), publisher.isPublished(key('b'))]).toEqual([true, false]);
    await pass(20_000);
    expect(written).toHaveLength(2);
    room = 64;
    await pass(25_000);
    expect(publisher.isPublished(key('b'))).toBe(true);
  });

  it('is asked for again no sooner however often anything changes in the cluster, and told as one where the answer is the same', async () => {
    room = 1;
    await want('a', 'b');
    for (let changes = 0; changes < 200; changes += 1) {
      publisher.changed();
      await clock.advance(300);
    }
    expect(written.length).toBeGreaterThanOrEqual(2);
    expect(written.length).toBeLessThanOrEqual(3);
    expect(events.filter((event) => event !== 'direct.published')).toEqual(['direct.no-room']);
    room = 64;
    await pass(45_000);
    expect(publisher.status()).toEqual({ published: 2, unpublished: 0 });
    expect(events.at(-1)).toBe('direct.published');
  });

  it('is taken back when the network wants none', async () => {
    await want('a');
    await pass(1_000);
    isOn = false;
    await want('a');
    expect(written).toEqual([['a'], []]);
    await pass(20_000);
    expect([publisher.isPublished(key('a')), publisher.withdrawn(key('a'))]).toEqual([false, undefined]);
  });
});

describe('the address of a container that left', () => {
  it('is free at once when nobody was told of it', async () => {
    isOn = false;
    await want('a');
    expect(publisher.withdrawn(key('a'))).toBeUndefined();
  });

  it('is free three seconds after the others were told', async () => {
    await want('a', 'b');
    await pass(1_000);
    wanted = [container('b')];
    const isFree = flagOf(publisher.withdrawn(key('a')));
    await pass(1_000);
    expect(written.at(-1)).toEqual(['b']);
    expect(isFree()).toBe(false);
    await pass(3_500);
    expect(isFree()).toBe(true);
  });

  it('is free at once in a process that began while neither store nor cluster-manager can be reached, if it came since then', async () => {
    stop.abort(new Error('it ends'));
    [stop, shown, isRegistered, wanted] = [new AbortController(), undefined, false, [container('a')]];
    start();
    await want('a', 'b');
    expect([publisher.isPublished(key('a')), publisher.isPublished(key('b'))]).toEqual([true, false]);
    expect(publisher.withdrawn(key('b'))).toBeUndefined();
    expect(publisher.withdrawn(key('a'))).toBeDefined();
  });

  it('is not while nobody can be told, or while it is not known whether it was said that it is there; but after four minutes', async () => {
    refusal = new CatalogueError('outcome.unknown', 'nobody knows');
    await want('a');
    wanted = [];
    const isFree = flagOf(publisher.withdrawn(key('a')));
    await pass(60_000);
    expect(isFree()).toBe(false);
    await pass(190_000);
    expect(isFree()).toBe(true);
  });
});

function flagOf(withdrawn: Promise<void> | undefined): () => boolean {
  let isOver = withdrawn === undefined;
  void withdrawn?.then(() => (isOver = true));
  return () => isOver;
}
