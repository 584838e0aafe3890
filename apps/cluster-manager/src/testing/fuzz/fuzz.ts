/** A cluster-manager over a store in memory, given a great many malformed requests and values: what it answered, and how much memory it took. */
import { hammer, type HammerReport, hammerWire, MalformedRequests, seededUnit } from '@wgcni/testing';
import type { AddressInfo } from 'node:net';
import { join, TestCluster } from '../cluster.ts';
import { malformedValues, type ValuesReport } from './malformed-values.ts';

export interface FuzzCounts {
  injected: number;
  onWire: number;
  values: number;
}

export interface FuzzReport {
  injected: HammerReport;
  onWire: HammerReport;
  values: ValuesReport;
  /** What the store held that it did not hold before. */
  changedKeys: number;
}

/** `between` is called after every batch of injected requests. */
export async function fuzz(
  counts: FuzzCounts,
  seed: number,
  between: (sent: number) => Promise<void> = async () => {},
): Promise<FuzzReport> {
  const cluster = new TestCluster();
  const manager = await cluster.startWithNetwork();
  try {
    await join(manager, 'n1');
    const before = new Map(cluster.stored('/').map(({ key, value }) => [key, value]));
    const requests = (stream: number): MalformedRequests =>
      new MalformedRequests(manager.app.swagger() as Record<string, unknown>, seed + stream);
    const injected = await hammer(manager.app, requests(0), counts.injected, {
      between: async (sent) => {
        cluster.logged.length = 0;
        await between(sent);
      },
    });
    const changedKeys = cluster.stored('/').filter(({ key, value }) => before.get(key) !== value).length;
    await manager.app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = manager.app.server.address() as AddressInfo;
    const onWire = await hammerWire(port, requests(1), counts.onWire, seededUnit(seed));
    const values = await malformedValues(cluster, manager, counts.values, seed);
    return { injected, onWire, values, changedKeys };
  } finally {
    await cluster.stop();
  }
}
