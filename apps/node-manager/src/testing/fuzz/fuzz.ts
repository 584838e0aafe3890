/** A node-manager over a kernel in memory, given a great many malformed requests and values: what it answered. */
import { EventRing } from '@wgcni/api/server';
import { silentLog, systemRandom } from '@wgcni/base';
import { hammer, type HammerReport, hammerWire, MalformedRequests, seededUnit } from '@wgcni/testing';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../app.ts';
import { FakeNode } from '../../attachments/fake-node.ts';
import { malformedValues, type ValuesReport } from './malformed-values.ts';

export interface FuzzReport {
  injected: HammerReport;
  onWire: HammerReport;
  values: ValuesReport;
  /** Attachments that came of it. */
  attached: number;
}

/** `between` is called after every batch of injected requests. */
export async function fuzz(
  counts: { injected: number; onWire: number; values: number },
  seed: number,
  between: (sent: number) => Promise<void> = async () => {},
): Promise<FuzzReport> {
  const node = await FakeNode.make();
  const attachments = await node.start();
  const unasked = (): never => {
    throw new Error('the status is not asked for here');
  };
  const { clock } = node;
  const events = new EventRing({ clock, random: systemRandom, log: silentLog });
  const asked = { events, status: unasked, judgement: unasked, entrances: undefined };
  const app = await buildApp({ version: '1', attachments, clock, log: silentLog, ...asked });
  const dataDir = await mkdtemp(join(tmpdir(), 'wgcni-fuzz-'));
  try {
    const requests = (stream: number): MalformedRequests =>
      new MalformedRequests(app.swagger() as Record<string, unknown>, seed + stream);
    const injected = await hammer(app, requests(0), counts.injected, {
      between: async (sent) => {
        node.events.length = 0;
        node.calls.length = 0;
        await between(sent);
      },
    });
    const attached = attachments.list().length;
    await app.listen({ host: '127.0.0.1', port: 0 });
    const { port } = app.server.address() as AddressInfo;
    const onWire = await hammerWire(port, requests(1), counts.onWire, seededUnit(seed));
    return { injected, onWire, values: await malformedValues(dataDir, counts.values, seed), attached };
  } finally {
    await app.close();
    await node.close();
    await rm(dataDir, { recursive: true });
  }
}
