/** What of the last contact survives on disk, and what does not end a fence. */
import { type Log, silentLog } from '@wgcni/base';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ContactKeeper } from './contact-keeper.ts';
import type { Instant } from './contact.ts';

const holdDownMs = 90_000;

describe('the contact keeper', () => {
  let dataDir: string;
  let now: Instant;
  let warnings: string[];
  const path = (): string => join(dataDir, 'contact.json');
  let log: Log;
  const start = async (): Promise<ContactKeeper> => {
    const keeper = new ContactKeeper({ dataDir, now: () => now, log });
    await keeper.load();
    return keeper;
  };
  const pass = (ms: number): void => {
    now = { ...now, uptimeMs: now.uptimeMs + ms, wallMs: now.wallMs + ms };
  };
  const setBack = (ms: number): void => {
    now = { ...now, wallMs: now.wallMs - ms };
  };
  const reboot = (bootId: string): void => {
    now = { ...now, bootId, uptimeMs: 100 };
  };
  /** A node that had contact just now, and its keeper. */
  const inContact = async (): Promise<ContactKeeper> => {
    const keeper = await start();
    await keeper.touch(keeper.instant());
    return keeper;
  };
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'wgcni-contact-'));
    now = { bootId: 'a', uptimeMs: 1_000_000, wallMs: 50_000_000 };
    // A write that an earlier test did not wait for tells that test's log.
    const own: string[] = [];
    warnings = own;
    log = { ...silentLog, warn: (_, event) => void own.push(event) };
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('is fenced before the first contact', async () => {
    const keeper = await start();
    expect(keeper.ageMs()).toBeUndefined();
    expect(keeper.fenceReason(holdDownMs)).toMatch(/not been registered/);
  });

  it('knows after a restart when the last contact was', async () => {
    await inContact();
    pass(7_000);
    const second = await start();
    expect(second.ageMs()).toBe(7_000);
    expect(second.fenceReason(holdDownMs)).toBeUndefined();
  });

  it('counts from the instant that the renewal was sent, not from its answer', async () => {
    const keeper = await start();
    const sentAt = keeper.instant();
    pass(5_000);
    await keeper.touch(sentAt);
    expect(keeper.ageMs()).toBe(5_000);
    expect((await start()).ageMs()).toBe(5_000);
  });

  it('reads what an earlier version wrote', async () => {
    await writeFile(path(), JSON.stringify({ schema: 1, contact: now }));
    pass(7_000);
    expect((await start()).ageMs()).toBe(7_000);
    await writeFile(path(), '{"schema":1,"contact":null}');
    expect((await start()).fenceReason(holdDownMs)).toBeDefined();
  });

  it('stays fenced through a restart and a reboot until the next contact', async () => {
    const first = await inContact();
    await first.fence('another has it');
    expect(first.fenceReason(holdDownMs)).toBe('another has it');
    expect((await start()).fenceReason(holdDownMs)).toBeDefined();
    reboot('b');
    const third = await start();
    expect(third.fenceReason(holdDownMs)).toBeDefined();
    await third.touch(third.instant());
    expect((await start()).fenceReason(holdDownMs)).toBeUndefined();
  });

  it('is fenced by a wall clock that went back, and stays so when it is set right, through a restart and a reboot', async () => {
    const first = await inContact();
    pass(5_000);
    setBack(10_000);
    expect(first.fenceReason(holdDownMs)).toMatch(/went back/);
    setBack(-10_000);
    expect(first.fenceReason(holdDownMs)).toMatch(/went back/);
    expect(await first.watch()).toBe(true);
    expect(await first.watch()).toBe(false);
    expect((await start()).fenceReason(holdDownMs)).toBeDefined();
    reboot('b');
    const third = await start();
    expect(third.fenceReason(holdDownMs)).toBeDefined();
    await third.touch(third.instant());
    expect(third.fenceReason(holdDownMs)).toBeUndefined();
  });

  it('writes at once that the clocks fence it: a crash must not forget it', async () => {
    const keeper = await inContact();
    pass(5_000);
    setBack(10_000);
    expect(keeper.fenceReason(holdDownMs)).toMatch(/went back/);
    await vi.waitFor(async () => expect(await readdir(dataDir)).toEqual([]));
    setBack(-10_000);
    expect((await start()).fenceReason(holdDownMs)).toBeDefined();
  });

  it('finds a wall clock that went back while it did not run', async () => {
    await inContact();
    pass(20_000);
    setBack(10_000);
    expect((await start()).fenceReason(holdDownMs)).toMatch(/went back/);
  });

  it('finds one that was set back around a reboot, by the silence that it wrote', async () => {
    const first = await inContact();
    for (let second = 0; second < 61; second += 1) {
      pass(1_000);
      await first.watch();
    }
    reboot('b');
    setBack(30_000);
    expect((await start()).fenceReason(10 * holdDownMs)).toMatch(/went back/);
  });

  it('writes contact at most once a second and silence once a minute', async () => {
    const keeper = await inContact();
    const writes: number[] = [];
    const inode = async (): Promise<number> => (await stat(path())).ino;
    let last = await inode();
    for (let tenth = 1; tenth <= 1_250; tenth += 1) {
      pass(100);
      if (tenth <= 50) await keeper.touch(keeper.instant());
      if (tenth % 10 === 0) await keeper.watch();
      const next = await inode();
      if (next !== last) writes.push(tenth / 10);
      last = next;
    }
    expect(writes).toEqual([1, 2, 3, 4, 5, 65, 125]);
  });

  it.each(['', '{', 'null', '{"schema":2,"contact":null}', '{"schema":1,"contact":{"bootId":3}}'])(
    'counts the file %j as no contact',
    async (text) => {
      await writeFile(path(), text);
      const keeper = await start();
      expect(keeper.fenceReason(holdDownMs)).toMatch(/cannot be read/);
      expect(warnings).toEqual(['contact.unreadable']);
      await keeper.touch(keeper.instant());
      expect((await start()).fenceReason(holdDownMs)).toBeUndefined();
    },
  );

  it('counts a file of the future as no contact', async () => {
    await inContact();
    now = { ...now, uptimeMs: now.uptimeMs - 60_000 };
    expect((await start()).fenceReason(holdDownMs)).toMatch(/time since boot went back/);
  });

  it('goes on in contact when the disk takes nothing, and writes as soon as it does', async () => {
    await mkdir(path());
    const keeper = await start();
    await keeper.touch(keeper.instant());
    expect(keeper.fenceReason(holdDownMs)).toBeUndefined();
    await keeper.watch();
    expect(warnings).toEqual(['contact.unreadable', 'contact.not-written']);
    await rm(path(), { recursive: true });
    await keeper.watch();
    expect((await start()).fenceReason(holdDownMs)).toBeUndefined();
    expect(JSON.parse(await readFile(path(), 'utf8'))).toMatchObject({ contact: now, measured: { silentMs: 0 } });
    expect(await readdir(dataDir)).toEqual(['contact.json']);
  });

  it('asks at once after time in which it did not run, not after the usual second', async () => {
    const keeper = await inContact();
    expect(await keeper.watch()).toBe(false);
    pass(1_200);
    expect(await keeper.watch()).toBe(false);
    pass(3_600_000);
    // Whoever else looked at the clocks meanwhile takes nothing away.
    keeper.ageMs();
    expect(await keeper.watch()).toBe(true);
    pass(1_000);
    expect(await keeper.watch()).toBe(false);
  });
});
