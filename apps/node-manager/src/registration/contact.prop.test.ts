/**
 * Fencing against true time: a node that restarts, reboots, sleeps and whose wall clock jumps never gives out addresses beyond two
 * thirds of the hold-down, but for what its wall clock was set back while nobody looked; and it gives within one contact.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginSilence, fenceReason, type Instant, isWriteDue, measureSilence, type Silence } from './contact.ts';

const holdDownMs = 24 * 3_600_000;
const fencedFromMs = (holdDownMs * 2) / 3;

/** A machine with its clocks, and a node-manager on it that looks after every event as it does every second. */
class Machine {
  trueMs = 0;
  #wallOffsetMs = 1_700_000_000_000;
  #boot = 0;
  #bootedAtMs = -3_600_000;
  #disk: Silence | undefined;
  #memory: Silence | undefined;
  isRunning = true;
  /** True time of the last contact. */
  contactAtMs: number | undefined;
  /** How far the wall clock was set back since then without fencing the node. */
  unseenMs = 0;

  now(): Instant {
    return {
      bootId: String(this.#boot),
      uptimeMs: this.trueMs - this.#bootedAtMs,
      wallMs: this.trueMs + this.#wallOffsetMs,
    };
  }

  look(): void {
    if (!this.isRunning) return;
    const measurement = this.#memory === undefined ? undefined : measureSilence(this.#memory, this.now());
    this.#memory = measurement?.kind === 'measured' ? measurement.silence : undefined;
    if (this.#memory === undefined) this.#disk = undefined;
    else if (isWriteDue(this.#memory, this.#disk)) this.#disk = this.#memory;
  }

  pass(ms: number): void {
    this.trueMs += ms;
  }

  /** Crashes: what was not written is lost. */
  stop(): void {
    this.isRunning = false;
    this.#memory = undefined;
  }

  start(): void {
    if (!this.isRunning) this.#memory = this.#disk;
    this.isRunning = true;
  }

  reboot(offMs: number, shiftMs: number): void {
    this.stop();
    this.pass(offMs);
    this.jump(shiftMs);
    this.#boot += 1;
    this.#bootedAtMs = this.trueMs;
  }

  jump(ms: number): void {
    this.#wallOffsetMs += ms;
    this.look();
    if (ms < 0 && (!this.isRunning || this.isGiving())) this.unseenMs -= ms;
  }

  /** A renewal is answered `tookMs` after it was sent. */
  contact(tookMs: number): void {
    if (!this.isRunning) return;
    const sentAt = this.now();
    [this.contactAtMs, this.unseenMs] = [this.trueMs, 0];
    this.pass(tookMs);
    this.#memory = beginSilence(sentAt);
    this.look();
  }

  isGiving(): boolean {
    return this.isRunning && this.#memory !== undefined && fenceReason(this.#memory, holdDownMs) === undefined;
  }

  silentMs(): number {
    return this.contactAtMs === undefined ? Infinity : this.trueMs - this.contactAtMs;
  }
}

type Event =
  | { kind: 'pass' | 'suspend' | 'contact'; ms: number }
  | { kind: 'jump'; ms: number }
  | { kind: 'reboot'; ms: number; shiftMs: number }
  | { kind: 'stop' | 'start' };

function happen(machine: Machine, event: Event): void {
  if (event.kind === 'pass' || event.kind === 'suspend') machine.pass(event.ms);
  else if (event.kind === 'contact') machine.contact(event.ms);
  else if (event.kind === 'jump') machine.jump(event.ms);
  else if (event.kind === 'reboot') machine.reboot(event.ms, event.shiftMs);
  else machine[event.kind]();
  machine.look();
}

const span = fc.oneof(fc.integer({ min: 0, max: 120_000 }), fc.integer({ min: 0, max: holdDownMs }));
const shift = fc.oneof(
  fc.constant(0),
  fc.integer({ min: -10_000, max: 10_000 }),
  fc.integer({ min: -holdDownMs, max: holdDownMs }),
);
const answerMs = fc.integer({ min: 0, max: 10_000 });

/** `shifts`: by how much the wall clock may jump. */
const eventsWith = (shifts: fc.Arbitrary<number>): fc.Arbitrary<Event[]> =>
  fc.array(
    fc.oneof<fc.Arbitrary<Event>[]>(
      fc.record({ kind: fc.constantFrom('pass', 'suspend'), ms: span }),
      fc.record({ kind: fc.constant('contact'), ms: answerMs }),
      fc.record({ kind: fc.constant('jump'), ms: shifts }),
      fc.record({ kind: fc.constant('reboot'), ms: span, shiftMs: shifts }),
      fc.record({ kind: fc.constantFrom('stop', 'start') }),
    ),
    { minLength: 1, maxLength: 30 },
  );
const runs = { numRuns: 20_000 };

describe('a node whose clocks do what they like', () => {
  it('gives nothing out beyond two thirds of the hold-down, but for what its wall clock was set back unseen', () => {
    fc.assert(
      fc.property(eventsWith(shift), (events) => {
        const machine = new Machine();
        for (const event of events) {
          happen(machine, event);
          if (machine.isGiving()) expect(machine.silentMs()).toBeLessThan(fencedFromMs + machine.unseenMs);
        }
      }),
      runs,
    );
  });

  it('gives nothing out beyond the hold-down while it was set back unseen by less than a third of it', () => {
    fc.assert(
      fc.property(eventsWith(shift), (events) => {
        const machine = new Machine();
        for (const event of events) {
          happen(machine, event);
          if (machine.unseenMs <= holdDownMs / 3 && machine.isGiving())
            expect(machine.silentMs()).toBeLessThan(holdDownMs);
        }
      }),
      runs,
    );
  });

  it('gives within one contact, whatever happened before', () => {
    fc.assert(
      fc.property(eventsWith(shift), answerMs, (events, ms) => {
        const machine = new Machine();
        for (const event of events) happen(machine, event);
        machine.start();
        happen(machine, { kind: 'contact', ms });
        expect(machine.isGiving()).toBe(true);
      }),
      runs,
    );
  });

  it('gives exactly until two thirds of the hold-down when no clock jumps, through every restart, reboot and sleep', () => {
    fc.assert(
      fc.property(eventsWith(fc.constant(0)), (events) => {
        const machine = new Machine();
        for (const event of events) {
          happen(machine, event);
          // What came less than a second before a crash may not be on disk.
          if (event.kind === 'contact') happen(machine, { kind: 'pass', ms: 1_000 });
          if (machine.isRunning) expect(machine.isGiving()).toBe(machine.silentMs() < fencedFromMs);
        }
      }),
      runs,
    );
  });
});

describe('the assumption', () => {
  it('is needed: a wall clock set back by more than a third of the hold-down while the machine is off hides too much', () => {
    const machine = new Machine();
    happen(machine, { kind: 'contact', ms: 0 });
    happen(machine, { kind: 'reboot', ms: holdDownMs, shiftMs: -holdDownMs / 2 });
    happen(machine, { kind: 'start' });
    expect(machine.silentMs()).toBe(holdDownMs);
    expect(machine.isGiving()).toBe(true);
  });
});
