/**
 * The page in a headless Chromium, over a cluster-manager with a store in memory:
 *
 *   Chromium ──HTTP on loopback──▶ cluster-manager with so many nodes, and their reports
 */
import { Chromium } from '@wgcni/testing';
import type { AddressInfo } from 'node:net';
import { buildPage } from '../../../../../bundle-page.mjs';
import { buildApp } from '../../app.ts';
import { TestCluster, type TestReplica } from '../cluster.ts';
import { fillCluster } from './large-cluster.ts';

const pools = [
  { cidr: '10.64.0.0/14', prefixLength: 24 },
  { cidr: 'fd64::/52', prefixLength: 64 },
];

export interface PageInBrowser {
  browser: Chromium;
  cluster: TestCluster;
  replica: TestReplica;
  /** Where the cluster-manager is. */
  origin: string;
  nodeIds: readonly string[];
  close(): Promise<void>;
}

export async function openPage(nodes: number): Promise<PageInBrowser> {
  const cluster = new TestCluster();
  const replica = await cluster.startWithNetwork([], { pools, registrationTtlSec: 30 });
  const nodeIds = await fillCluster(cluster, replica, nodes);
  const app = await buildApp({ ...replica.replica, page: await buildPage() });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const browser = await Chromium.open();
  return {
    ...{ browser, cluster, replica, nodeIds },
    origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`,
    close: async () => {
      await browser.close();
      await app.close();
      await cluster.stop();
    },
  };
}

/** Loads the page and waits until the cluster was drawn; milliseconds from the start of the load to each paint. */
export async function load(
  { browser, origin }: PageInBrowser,
  hash = '',
): Promise<{ firstPaintMs: number; drawnMs: number }> {
  await browser.goTo(`${origin}/ui/${hash}`);
  const drawnMs = await browser.evaluate<number>(`new Promise((resolve) => {
    const look = () => {
      const [mark] = performance.getEntriesByName('wgcni.drawn');
      if (mark === undefined) setTimeout(look, 10);
      else resolve(mark.startTime);
    };
    look();
  })`);
  const firstPaintMs = await browser.evaluate<number>(
    `performance.getEntriesByName('first-contentful-paint')[0].startTime`,
  );
  return { firstPaintMs, drawnMs };
}
