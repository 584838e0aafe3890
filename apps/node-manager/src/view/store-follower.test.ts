/** The view follows the store in order, and a disk that takes nothing for a while delays it and ends nothing. */
import { silentLog, systemClock, systemRandom } from '@wgcni/base';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { MeshSnapshot } from './snapshot.ts';
import { StoreFollower } from './store-follower.ts';
import { ViewKeeper } from './view-keeper.ts';

const snapshot = (revision: number): MeshSnapshot => ({
  ...{ revision, draining: [], gone: [], quarantined: [], quarantinedNodes: [], nodes: [] },
  ...{ clients: [], containers: [], quarantinedClients: [] },
  network: {
    ...{ networkId: 'x', pools: [], mtu: 1_420, keepaliveSec: 25, registrationTtlSec: 30 },
    holdDownSec: 60,
  },
});
const kernel = { links: [], addresses: [], routes: [], policyRoutes: [] };

describe('following the store', () => {
  let dir: string;
  let stop: AbortController;
  let running: Promise<unknown>;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'wgcni-follower-'));
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running;
    await rm(dir, { recursive: true });
  });

  function follow(dataDir: string): { follower: StoreFollower; keeper: ViewKeeper; accepted: number[] } {
    const keeper = new ViewKeeper({ dataDir, nodeId: 'n1', observe: async () => kernel, log: silentLog });
    const accepted: number[] = [];
    const onAccepted = ({ revision }: MeshSnapshot): void => void accepted.push(revision);
    const deps = { keeper, onAccepted, clock: systemClock, random: systemRandom, log: silentLog };
    const follower = new StoreFollower(deps);
    running = follower.run(stop.signal).catch(() => undefined);
    return { follower, keeper, accepted };
  }

  it('takes every snapshot in order', async () => {
    const { follower, keeper, accepted } = follow(dir);
    for (const revision of [3, 4, 5]) follower.take(snapshot(revision));
    await expect.poll(() => accepted).toEqual([3, 4, 5]);
    expect(keeper.view.revision).toBe(5);
  });

  it('works by the old view while the new one cannot be written, and by the new one as soon as it can', async () => {
    const dataDir = join(dir, 'data');
    await writeFile(dataDir, 'no directory');
    const { follower, keeper, accepted } = follow(dataDir);
    follower.take(snapshot(3));
    await systemClock.sleep(50);
    follower.take(snapshot(4));
    expect([accepted, keeper.view.revision]).toEqual([[], 0]);
    await rm(dataDir);
    await mkdir(dataDir);
    await expect.poll(() => accepted, { timeout: 3_000 }).toEqual([4]);
    expect(keeper.view.revision).toBe(4);
  });
});
