/** When a node tells how it is, and what it tells. */
import { type Attachment, mostTunnelsNamed, type ReportInput } from '@wgcni/api';
import { CatalogueError, silentLog } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import { beforeEach, expect, it } from 'vitest';
import type { ReportSources } from './make-report.ts';
import { Reporter } from './reporter.ts';

const never = new AbortController().signal;
const keyText = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
let clock: ManualClock;
let sources: ReportSources;
let sent: ReportInput[];
let failure: Error | undefined;
let onSent: () => void;
let reporter: Reporter;

beforeEach(() => {
  clock = new ManualClock();
  sent = [];
  failure = undefined;
  onSent = () => {};
  sources = { version: '1', tunnels: [], attachments: [], addresses: [], problems: [] };
  reporter = new Reporter({
    ...{ nodeId: 'n1', instance: 'a'.repeat(32), clock, log: silentLog },
    random: { bytes: (count) => new Uint8Array(count).fill(7), unit: () => 0.5 },
    isRegistered: () => true,
    look: () => sources,
    manager: {
      putReport: async (_, report) => {
        onSent();
        if (failure !== undefined) throw failure;
        sent.push(report);
      },
    },
  });
});

it('is at once, then when something changed, then when a replica has no report', async () => {
  for (let looks = 0; looks < 3; looks += 1) await reporter.look(never);
  expect(sent).toHaveLength(1);
  sources = { ...sources, problems: ['no fping'] };
  await reporter.look(never);
  reporter.sendAgain();
  await reporter.look(never);
  expect(sent.map(({ counter, problems }) => [counter, problems])).toEqual([
    [1, []],
    [2, ['no fping']],
    [3, ['no fping']],
  ]);
  expect(new Set(sent.map(({ run }) => run))).toEqual(new Set(['07'.repeat(16)]));
});

it('is again after nobody took it, though nothing changed', async () => {
  failure = new CatalogueError('leader.absent', 'nobody answers');
  await reporter.look(never);
  failure = undefined;
  await reporter.look(never);
  expect(sent).toMatchObject([{ counter: 2 }]);
});

it('is again when a replica asks for it while one is on its way', async () => {
  onSent = () => reporter.sendAgain();
  await reporter.look(never);
  onSent = () => {};
  await reporter.look(never);
  await reporter.look(never);
  expect(sent).toMatchObject([{ counter: 1 }, { counter: 2 }]);
});

it('is at most every five seconds, however often it changes, and never while the node is not registered', async () => {
  const stop = new AbortController();
  const running = reporter.run(stop.signal).catch(() => undefined);
  for (let tenths = 0; tenths < 200; tenths += 1) {
    sources = { ...sources, problems: [`problem ${tenths}`] };
    await clock.advance(100);
  }
  expect(sent).toHaveLength(4);
  stop.abort();
  await running;
});

it('names the tunnels that are not up, each since it was first seen so', async () => {
  const cause = 'nothing comes through';
  const tunnels = [
    { peer: 'n2', state: 'broken', sinceSec: 7, cause },
    { peer: 'n3', state: 'up', sinceSec: 7, cause: null },
  ] as const;
  sources = { ...sources, tunnels };
  await reporter.look(never);
  await clock.advance(60_000);
  sources = { ...sources, tunnels: tunnels.map((one) => ({ ...one, sinceSec: 66 })), problems: ['another thing'] };
  await reporter.look(never);
  const [before, after] = sent;
  expect(before).toMatchObject({ peers: 2, tunnelsNotUp: 1, tunnels: [{ nodeId: 'n2', state: 'broken' }] });
  expect(before?.tunnels[0]?.since).toBe(new Date(clock.wallMs() - 67_000).toISOString());
  expect(after?.tunnels).toEqual(before?.tunnels);
});

it('names few of a thousand tunnels that are not up and counts them all, and is no other report while nothing changes', async () => {
  for (let sinceSec = 60; sinceSec < 80; sinceSec += 5) {
    const tunnels = Array.from({ length: 1_000 }, (_, at) => ({ peer: `p${at}`, state: 'broken' as const, sinceSec }));
    sources = { ...sources, tunnels: tunnels.map((tunnel) => ({ ...tunnel, cause: 'nothing comes through' })) };
    await reporter.look(never);
    await clock.advance(5_000);
  }
  expect(sent.map(({ tunnels, tunnelsNotUp }) => [tunnels.length, tunnelsNotUp])).toEqual([[mostTunnelsNamed, 1_000]]);
});

it('names a thousand attachments and counts them all, and holds no key in any text', async () => {
  const one = { network: 'net', ifName: 'eth0', state: 'answered', addresses: [{ address: '10.64.0.2/32' }] };
  const attachments = Array.from({ length: 1_001 }, (_, at) => ({ ...one, containerId: `c${at}` }) as Attachment);
  sources = { ...sources, attachments, problems: [`peer ${keyText} ${'x'.repeat(400)}`] };
  await reporter.look(never);
  const [report] = sent;
  expect([report?.attachmentsTotal, report?.attachments.length]).toEqual([1_001, 1_000]);
  expect(report?.attachments[0]).toEqual({ ...one, containerId: 'c0', addresses: ['10.64.0.2'] });
  expect(report?.problems[0]).toMatch(/^peer \(a key\) x+$/);
  expect(report?.problems[0]).toHaveLength(300);
});
