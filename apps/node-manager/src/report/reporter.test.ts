/** When a node tells how it is, and what it tells. */
import { type Attachment, mostTunnelsNamed, type ReportInput } from '@wgcni/api';
import { CatalogueError, silentLog } from '@wgcni/base';
import { ManualClock } from '@wgcni/testing';
import { beforeEach, describe, expect, it } from 'vitest';
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

it('is at once, then when something changed, then when a replica has none', async () => {
  for (let looks = 0; looks < 3; looks += 1) await reporter.look(never);
  expect(sent).toHaveLength(1);
  sources = { ...sources, problems: ['no fping'] };
  await reporter.look(never);
  reporter.noteKept({ hasReport: false });
  await reporter.look(never);
  expect(sent.map(({ counter, problems }) => [counter, problems])).toEqual([
    [1, []],
    [2, ['no fping']],
    [2, ['no fping']],
  ]);
  expect(new Set(sent.map(({ run }) => run))).toEqual(new Set(['07'.repeat(16)]));
});

it('is again after nobody took it, though nothing changed', async () => {
  failure = new CatalogueError('leader.absent', 'nobody answers');
  await reporter.look(never);
  failure = undefined;
  await reporter.look(never);
  expect(sent).toMatchObject([{ counter: 1 }]);
});

describe('a replica that answers a renewal', () => {
  const run = '07'.repeat(16);
  /** How many reports it is sent then, of which two were made before. */
  async function sentTo(kept: Parameters<Reporter['noteKept']>[0]): Promise<number> {
    await reporter.look(never);
    sources = { ...sources, problems: ['no fping'] };
    await reporter.look(never);
    sent.length = 0;
    reporter.noteKept(kept);
    await reporter.look(never);
    return sent.length;
  }

  it.each([
    ['an older report', { hasReport: true, report: { run, counter: 1 } }],
    ['one of an earlier run', { hasReport: true, report: { run: 'f'.repeat(32), counter: 2 } }],
    ['none', { hasReport: false }],
  ])('with %s is sent the last one', async (_, kept) => {
    expect(await sentTo(kept)).toBe(1);
    expect(sent).toMatchObject([{ run, counter: 2, problems: ['no fping'] }]);
  });

  it.each([
    ['the last one', { hasReport: true, report: { run, counter: 2 } }],
    ['some report, of a version that does not say which', { hasReport: true }],
    ['nothing to say of reports, of a version before that', {}],
  ])('with %s is sent nothing', async (_, kept) => {
    expect(await sentTo(kept)).toBe(0);
  });
});

it('is again when a replica asks for it while one is on its way', async () => {
  onSent = () => reporter.noteKept({ hasReport: false });
  await reporter.look(never);
  onSent = () => {};
  await reporter.look(never);
  await reporter.look(never);
  expect(sent).toMatchObject([{ counter: 1 }, { counter: 1 }]);
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

it('names a thousand attachments and counts them all, and holds neither a key nor a line break in any text', async () => {
  const one = { network: 'net', ifName: 'eth0', state: 'answered', addresses: [{ address: '10.64.0.2/32' }] };
  const attachments = Array.from({ length: 1_001 }, (_, at) => ({ ...one, containerId: `c${at}` }) as Attachment);
  sources = { ...sources, attachments, problems: [`peer\n${keyText}\u001B${'x'.repeat(400)}`] };
  await reporter.look(never);
  const [report] = sent;
  expect([report?.attachmentsTotal, report?.attachments.length]).toEqual([1_001, 1_000]);
  expect(report?.attachments[0]).toEqual({ ...one, containerId: 'c0', addresses: ['10.64.0.2'] });
  expect(report?.problems[0]).toMatch(/^peer \(a key\) x+$/);
  expect(report?.problems[0]).toHaveLength(300);
});
