/** What host names of the control plane stand for: resolved at start and now and then, and kept through whatever the name service does. */
import { type Log, silentLog } from '@wgcni/base';
import { formatAddress } from '@wgcni/ipam';
import { ManualClock } from '@wgcni/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ControlPlaneKeeper } from './control-plane-keeper.ts';

const never = (): Promise<string[]> => new Promise(() => {});

describe('the names of the control plane', () => {
  let dataDir: string;
  let clock: ManualClock;
  let warnings: string[];
  let asked: string[];
  /** What the name service says; a name that is not here is unknown to it. */
  let service: Record<string, string[]>;
  const resolveHost = async (host: string): Promise<string[]> => {
    asked.push(host);
    const found = service[host];
    if (found === undefined) throw new Error('nobody answers');
    return found;
  };
  const open = (urls = ['https://m.example:7001'], resolve: (host: string) => Promise<string[]> = resolveHost) => {
    const log: Log = { ...silentLog, warn: (_, event) => void warnings.push(event) };
    return ControlPlaneKeeper.open({ urls: () => urls, dataDir, resolveHost: resolve, clock, log });
  };
  const addresses = (keeper: ControlPlaneKeeper): string[] =>
    keeper.controlPlane.endpoints.map(({ address }) => formatAddress(address));
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'wgcni-names-'));
    [clock, warnings, asked, service] = [new ManualClock(), [], [], { 'm.example': ['192.0.2.1'] }];
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('are resolved before the first container', async () => {
    const keeper = await open();
    await keeper.prepare();
    expect(addresses(keeper)).toEqual(['192.0.2.1']);
  });

  it('hold a start up for two seconds when nobody answers, and not at all when the last run knew them', async () => {
    const unknowing = await open(undefined, never);
    let isPrepared = false;
    const preparing = unknowing.prepare().then(() => (isPrepared = true));
    await clock.advance(1_900);
    expect(isPrepared).toBe(false);
    await clock.advance(200);
    await preparing;
    await (await open()).resolve();
    const knowing = await open(undefined, never);
    await knowing.prepare();
    expect(addresses(knowing)).toEqual(['192.0.2.1']);
  });

  it('are not asked for where every URL has an address', async () => {
    const keeper = await open(['https://192.0.2.9:7001']);
    await keeper.prepare();
    await keeper.resolve();
    expect([addresses(keeper), asked]).toEqual([['192.0.2.9'], []]);
  });

  it('keep what was resolved until something else is, in one run and the next', async () => {
    const keeper = await open();
    expect(await keeper.resolve()).toBe(true);
    expect(await keeper.resolve()).toBe(false);
    service = {};
    expect(await keeper.resolve()).toBe(false);
    service = { 'm.example': [] };
    expect(await keeper.resolve()).toBe(false);
    expect(addresses(keeper)).toEqual(['192.0.2.1']);
    expect(addresses(await open())).toEqual(['192.0.2.1']);
    service = { 'm.example': ['2001:db8::2', '192.0.2.2'] };
    expect(await keeper.resolve()).toBe(true);
    expect(addresses(keeper)).toEqual(['192.0.2.2', '2001:db8::2']);
    expect(addresses(await open())).toEqual(['192.0.2.2', '2001:db8::2']);
    expect(warnings, 'one line for one outage').toEqual(['control-plane.unresolved']);
  });

  it('are resolved again every minute, and each change is told', async () => {
    const keeper = await open();
    const stop = new AbortController();
    const changed = vi.fn();
    const running = keeper.run(stop.signal, changed).catch(() => undefined);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    await clock.advance(59_000);
    expect(asked).toHaveLength(1);
    service = { 'm.example': ['192.0.2.2'] };
    await clock.advance(2_000);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2));
    stop.abort();
    await running;
  });

  it('are those of the URLs that are said now, resolved at once when others are said', async () => {
    const urls = ['https://m.example:7001'];
    const keeper = await open(urls);
    const stop = new AbortController();
    const changed = vi.fn();
    const running = keeper.run(stop.signal, changed).catch(() => undefined);
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(1));
    service = { 'other.example': ['192.0.2.8'] };
    urls.splice(0, 1, 'https://other.example:7002');
    expect(keeper.controlPlane).toMatchObject({ ports: [7_002], endpoints: [] });
    keeper.lookAgain();
    await vi.waitFor(() => expect(changed).toHaveBeenCalledTimes(2));
    expect([addresses(keeper), asked]).toEqual([['192.0.2.8'], ['m.example', 'other.example']]);
    stop.abort();
    await running;
  });

  it('are asked for one after the other: a name service that hangs takes one thread of those that files need', async () => {
    const begun: string[] = [];
    const keeper = await open(['https://a.example:1', 'https://b.example:1'], (host) => {
      begun.push(host);
      return never();
    });
    void keeper.resolve();
    await clock.advance(1_000);
    expect(begun).toEqual(['a.example']);
  });

  it('are resolved anew when their record cannot be read', async () => {
    await writeFile(join(dataDir, 'control-plane.json'), '{"schema":1,"names":{"m.example":7}}', { mode: 0o600 });
    const keeper = await open();
    expect([addresses(keeper), warnings]).toEqual([[], ['control-plane.names-unreadable']]);
    await keeper.prepare();
    expect(addresses(keeper)).toEqual(['192.0.2.1']);
  });
});
