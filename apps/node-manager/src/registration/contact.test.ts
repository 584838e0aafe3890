/** When a node without contact stops giving out addresses, through restarts, reboots and clocks that jump. */
import { describe, expect, it } from 'vitest';
import { beginSilence, fenceReason, type Instant, isWriteDue, measureSilence, type Silence } from './contact.ts';

const contact: Instant = { bootId: 'a', uptimeMs: 1_000_000, wallMs: 50_000_000 };
const holdDownMs = 90_000;

/** The clocks `ms` of true time after `from`. */
const after = (ms: number, change: Partial<Instant> = {}, from: Instant = contact): Instant => ({
  bootId: from.bootId,
  uptimeMs: from.uptimeMs + ms,
  wallMs: from.wallMs + ms,
  ...change,
});

/** The silence after the clocks were read at each of these instants, or why it cannot be told. */
const measured = (...instants: Instant[]): Silence | string => {
  let silence = beginSilence(contact);
  for (const now of instants) {
    const measurement = measureSilence(silence, now);
    if (measurement.kind === 'untellable') return measurement.why;
    silence = measurement.silence;
  }
  return silence;
};
const silentMs = (...instants: Instant[]): number | string => {
  const silence = measured(...instants);
  return typeof silence === 'string' ? silence : silence.silentMs;
};

describe('self-fencing', () => {
  it('begins at two thirds of the hold-down without contact', () => {
    expect(fenceReason({ silentMs: 59_999 }, holdDownMs)).toBeUndefined();
    expect(fenceReason({ silentMs: 60_000 }, holdDownMs)).toMatch(/60 s old/);
  });

  it('takes the hold-down as it is told', () => {
    expect(fenceReason({ silentMs: 60_000 }, 2 * holdDownMs)).toBeUndefined();
  });
});

describe('silence in the boot of the contact', () => {
  it('is the time since boot, whatever the wall clock jumps ahead', () => {
    expect(silentMs(after(1_000))).toBe(1_000);
    expect(silentMs(after(1_000, { wallMs: contact.wallMs + 1e9 }))).toBe(1_000);
    expect(
      silentMs(after(1_000, { wallMs: contact.wallMs + 1e9 }), after(3_000, { wallMs: contact.wallMs + 1e9 + 2_000 })),
    ).toBe(3_000);
  });

  it('cannot be told when the wall clock went back, also when it is later than the contact still', () => {
    expect(silentMs(after(1_000, { wallMs: contact.wallMs - 10_000 }))).toMatch(/wall clock went back/);
    expect(silentMs(after(36_000_000, { wallMs: contact.wallMs + 18_000_000 }))).toMatch(/wall clock went back/);
  });

  it('suffers the small corrections of a clock daemon, and a thousandth of a long time', () => {
    expect(silentMs(after(500, { wallMs: contact.wallMs - 500 }))).toBe(500);
    expect(silentMs(after(36_000_000, { wallMs: contact.wallMs + 35_970_000 }))).toBe(36_000_000);
  });

  it('cannot be told when the time since boot went back: the machine is a snapshot of itself', () => {
    expect(silentMs(after(5_000, { uptimeMs: contact.uptimeMs - 1 }))).toMatch(/time since boot went back/);
  });
});

describe('silence in a later boot', () => {
  const booted = (ms: number, change: Partial<Instant> = {}): Instant =>
    after(ms, { bootId: 'b', uptimeMs: 10, ...change });

  it('is told by the wall clock', () => {
    expect(silentMs(booted(61_000))).toBe(61_000);
  });

  it('cannot be told when the wall clock went back behind the contact, or behind what was measured', () => {
    expect(silentMs(booted(0, { wallMs: contact.wallMs - 10_000 }))).toMatch(/wall clock went back/);
    expect(silentMs(after(50_000), booted(0, { wallMs: contact.wallMs + 20_000 }))).toMatch(/wall clock went back/);
  });

  it('keeps what was measured before and counts on from there', () => {
    const jumped = after(50_000, { wallMs: contact.wallMs + 1e6 });
    const off = { bootId: 'b', uptimeMs: 10, wallMs: jumped.wallMs + 5_000 };
    expect(silentMs(jumped, off)).toBe(1e6 + 5_000);
    expect(silentMs(booted(5_000), after(7_000, {}, booted(5_000)))).toBe(12_000);
  });

  it('grows when a clock that was behind is set right afterwards', () => {
    const behind = booted(1_000);
    const right = after(1_000, { wallMs: contact.wallMs + 3_600_000 }, behind);
    expect(silentMs(behind, right)).toBe(3_600_000);
  });

  it('goes on through a third boot', () => {
    const third = { bootId: 'c', uptimeMs: 3, wallMs: contact.wallMs + 90_000 };
    expect(silentMs(booted(30_000), third)).toBe(90_000);
  });
});

describe('what is written', () => {
  const silenceAt = (now: Instant, since = contact): Silence => ({ contact: since, measuredAt: now, silentMs: 0 });

  it('is a new contact, but not twice within a second', () => {
    const written = silenceAt(after(0));
    expect(isWriteDue(silenceAt(after(999), after(999)), written)).toBe(false);
    expect(isWriteDue(silenceAt(after(1_000), after(999)), written)).toBe(true);
  });

  it('is a contact of this boot, though one of an earlier boot came at the same time since it', () => {
    const [earlier, contact] = [after(0), after(60_000, { bootId: 'b', uptimeMs: 1_000_000 })];
    const written = { contact: earlier, measuredAt: contact, silentMs: 60_000 };
    const seen = after(1_000, {}, contact);
    expect(isWriteDue({ contact, measuredAt: seen, silentMs: 1_000 }, written)).toBe(true);
  });

  it('is silence once a minute, and the first of a boot', () => {
    const written = silenceAt(after(0));
    expect(isWriteDue(silenceAt(after(59_999)), written)).toBe(false);
    expect(isWriteDue(silenceAt(after(60_000)), written)).toBe(true);
    expect(isWriteDue(silenceAt(after(10, { bootId: 'b' })), written)).toBe(true);
    expect(isWriteDue(silenceAt(after(0)), undefined)).toBe(true);
  });
});
