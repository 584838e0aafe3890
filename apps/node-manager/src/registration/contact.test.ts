/** When a node without contact stops giving out addresses, through restarts, reboots and clocks that jump. */
import { silentLog } from '@wgcni/base';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ContactKeeper } from './contact-keeper.ts';
import { fenceReason, type Instant } from './contact.ts';

const contact: Instant = { bootId: 'a', uptimeMs: 1_000_000, wallMs: 50_000_000 };
const later = (ms: number, change: Partial<Instant> = {}): Instant => ({
  bootId: 'a',
  uptimeMs: contact.uptimeMs + ms,
  wallMs: contact.wallMs + ms,
  ...change,
});
const holdDownMs = 90_000;

describe('self-fencing', () => {
  it('begins at two thirds of the hold-down without contact', () => {
    expect(fenceReason(contact, holdDownMs, later(59_999))).toBeUndefined();
    expect(fenceReason(contact, holdDownMs, later(60_000))).toMatch(/60 s old/);
  });

  it('goes by the time since boot, whatever the wall clock jumps ahead', () => {
    expect(fenceReason(contact, holdDownMs, later(1_000, { wallMs: contact.wallMs + 1e9 }))).toBeUndefined();
  });

  it('goes by the wall clock after a reboot', () => {
    const rebooted = { bootId: 'b', uptimeMs: 10 };
    expect(fenceReason(contact, holdDownMs, later(59_000, rebooted))).toBeUndefined();
    expect(fenceReason(contact, holdDownMs, later(61_000, rebooted))).toMatch(/61 s old/);
  });

  it('holds until contact when the wall clock went back, in the same boot and after another', () => {
    for (const bootId of ['a', 'b']) {
      expect(fenceReason(contact, holdDownMs, later(1_000, { bootId, wallMs: contact.wallMs - 10_000 }))).toMatch(
        /went back/,
      );
    }
  });

  it('suffers the small corrections of a clock daemon', () => {
    expect(fenceReason(contact, holdDownMs, later(500, { wallMs: contact.wallMs - 500 }))).toBeUndefined();
  });

  it('holds when there never was a contact', () => {
    expect(fenceReason(undefined, holdDownMs, later(0))).toBeDefined();
  });
});

describe('the contact keeper', () => {
  let dataDir: string;
  let now: Instant;
  const keeper = async (): Promise<ContactKeeper> => {
    const kept = new ContactKeeper({ dataDir, now: () => now, log: silentLog });
    await kept.load();
    return kept;
  };
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'wgcni-contact-'));
    now = contact;
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  it('knows after a restart when the last contact was', async () => {
    const first = await keeper();
    expect(first.ageMs()).toBeUndefined();
    await first.touch(first.instant());
    now = later(7_000);
    const second = await keeper();
    expect(second.ageMs()).toBe(7_000);
    expect(second.fenceReason(holdDownMs)).toBeUndefined();
  });

  it('stays fenced through a restart until the next contact', async () => {
    const first = await keeper();
    await first.touch(contact);
    await first.fence();
    const second = await keeper();
    expect(second.fenceReason(holdDownMs)).toBeDefined();
    await second.touch(contact);
    expect((await keeper()).fenceReason(holdDownMs)).toBeUndefined();
  });

  it('counts a file that cannot be read as no contact', async () => {
    await writeFile(join(dataDir, 'contact.json'), '{"schema":1,"contact":{"bootId":3}}');
    expect((await keeper()).fenceReason(holdDownMs)).toBeDefined();
  });
});
