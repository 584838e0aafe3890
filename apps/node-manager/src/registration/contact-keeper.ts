/** The last contact and the silence since, kept through restarts and reboots; what cannot be told or read counts as no contact. */
import { type Log, messageOf, removeFile, SerialQueue } from '@wgcni/base';
import { Type } from '@sinclair/typebox';
import { join } from 'node:path';
import { beginSilence, fenceReason, type Instant, isWriteDue, measureSilence, type Silence } from './contact.ts';
import { readJsonFile, writeJsonFile } from '../json-file.ts';

const clocks = { bootId: Type.String(), uptimeMs: Type.Number(), wallMs: Type.Number() };

const ContactFile = Type.Object({
  schema: Type.Literal(1),
  /** Null: fenced until the next contact. */
  contact: Type.Union([Type.Null(), Type.Object(clocks)]),
  /** How long the silence was when the clocks were read last; absent: they were not read since the contact. */
  measured: Type.Optional(Type.Object({ ...clocks, silentMs: Type.Number() })),
});

export interface ContactDeps {
  dataDir: string;
  /** The clocks now. */
  now: () => Instant;
  log: Log;
}

/** Time in which the process did not run, by the clock that counts a suspended machine, from which on it asks at once. */
const missedMs = 5_000;

export class ContactKeeper {
  readonly #deps: ContactDeps;
  readonly #writes = new SerialQueue();
  #silence: Silence | undefined;
  /** What stands on disk; undefined: nothing that would end a fence. */
  #written: Silence | undefined;
  #why = 'this node has not been registered since its data directory was made or fenced';
  /** Whether the clocks have fenced this node since `watch` was called last. */
  #isFenceNews = false;
  #watchedAt: Instant | undefined;
  #isDiskWell = true;

  constructor(deps: ContactDeps) {
    this.#deps = deps;
  }

  /** Reads what the last run knew; what cannot be read counts as no contact. */
  async load(): Promise<void> {
    const reading = await readJsonFile(this.#path(), ContactFile).catch((error: unknown) => {
      return { kind: 'unreadable' as const, why: messageOf(error) };
    });
    if (reading.kind === 'unreadable') {
      this.#why = `the last contact cannot be read: ${reading.why}`;
      this.#deps.log.warn({ why: reading.why }, 'contact.unreadable');
    }
    if (reading.kind !== 'read' || reading.value.contact === null) return;
    const { contact, measured } = reading.value;
    if (measured === undefined) this.#silence = beginSilence(contact);
    else {
      const { silentMs, ...measuredAt } = measured;
      this.#silence = { contact, measuredAt, silentMs };
    }
    this.#written = this.#silence;
  }

  /** The clocks now, to be taken before a renewal is sent. */
  instant(): Instant {
    return this.#deps.now();
  }

  /** A renewal that was sent at `sentAt` was answered as valid. A disk that takes nothing only makes a later run fence itself earlier. */
  async touch(sentAt: Instant): Promise<void> {
    this.#silence = beginSilence(sentAt);
    this.#look();
    await this.#writeWhenDue();
  }

  /** Fenced from now until the next contact, also after a restart. */
  async fence(why: string): Promise<void> {
    this.#silence = undefined;
    this.#why = why;
    await this.#write();
  }

  /**
   * Reads the clocks and keeps what they tell; to be called every second. Resolves with whether the node should ask the cluster at
   * once: the process did not run for a while, or the clocks have just fenced it.
   */
  async watch(): Promise<boolean> {
    const before = this.#watchedAt;
    this.#watchedAt = this.#look();
    const missed = before === undefined ? 0 : this.#watchedAt.uptimeMs - before.uptimeMs;
    const isFenceNews = this.#isFenceNews;
    this.#isFenceNews = false;
    if (isFenceNews) this.#deps.log.error({ why: this.#why }, 'node.fenced');
    await this.#writeWhenDue();
    return isFenceNews || missed > missedMs;
  }

  /** Milliseconds since the last contact; undefined when there is none or no clock can tell. */
  ageMs(): number | undefined {
    this.#look();
    return this.#silence?.silentMs;
  }

  /** Why no address may be given out for lack of contact, or undefined. */
  fenceReason(holdDownMs: number): string | undefined {
    this.#look();
    return this.#silence === undefined ? this.#why : fenceReason(this.#silence, holdDownMs);
  }

  /** Measures up to now. FENCE: clocks that went back tell nothing until the next contact, whatever they show later. */
  #look(): Instant {
    const now = this.#deps.now();
    const measurement = this.#silence === undefined ? undefined : measureSilence(this.#silence, now);
    if (measurement?.kind === 'measured') this.#silence = measurement.silence;
    if (measurement?.kind === 'untellable') {
      this.#silence = undefined;
      this.#why = measurement.why;
      this.#isFenceNews = true;
      // A crash from now on must not forget it; until it is written, the next run measures by the clocks that it finds.
      void this.#write();
    }
    return now;
  }

  async #writeWhenDue(): Promise<void> {
    const isDue = this.#silence === undefined ? this.#written !== undefined : isWriteDue(this.#silence, this.#written);
    if (isDue) await this.#write();
  }

  /** Writes what is known when its turn comes, so that an older one never takes the place of a newer. */
  #write(): Promise<void> {
    return this.#writes.run(async () => {
      const silence = this.#silence;
      try {
        // A fence needs no space on the disk: it is the absence of the file.
        if (silence === undefined) await removeFile(this.#path());
        else await writeJsonFile(this.#path(), fileOf(silence));
        this.#written = silence;
        this.#isDiskWell = true;
      } catch (error) {
        // Tried again every second, and told of once.
        if (this.#isDiskWell) this.#deps.log.warn({ why: messageOf(error) }, 'contact.not-written');
        this.#isDiskWell = false;
      }
    });
  }

  #path(): string {
    return join(this.#deps.dataDir, 'contact.json');
  }
}

function fileOf({ contact, measuredAt, silentMs }: Silence): unknown {
  return { schema: 1, contact, measured: { ...measuredAt, silentMs } };
}
