/** The last contact, kept through restarts and reboots. */
import type { Log } from '@wgcni/base';
import { Type } from '@sinclair/typebox';
import { join } from 'node:path';
import { contactAgeMs, fenceReason, type Contact, type Instant } from './contact.ts';
import { readJsonFile, writeJsonFile } from '../json-file.ts';

const ContactFile = Type.Object({
  schema: Type.Literal(1),
  /** Null: fenced until the next contact. */
  contact: Type.Union([
    Type.Null(),
    Type.Object({ bootId: Type.String(), uptimeMs: Type.Number(), wallMs: Type.Number() }),
  ]),
});

export interface ContactDeps {
  dataDir: string;
  /** The clocks now. */
  now: () => Instant;
  log: Log;
}

export class ContactKeeper {
  readonly #deps: ContactDeps;
  #contact: Contact | undefined;

  constructor(deps: ContactDeps) {
    this.#deps = deps;
  }

  /** Reads what the last run knew; what cannot be read counts as no contact. */
  async load(): Promise<void> {
    const reading = await readJsonFile(this.#path(), ContactFile);
    if (reading.kind === 'unreadable') this.#deps.log.warn({ why: reading.why }, 'contact.unreadable');
    this.#contact = reading.kind === 'read' ? (reading.value.contact ?? undefined) : undefined;
  }

  /** The clocks now, to be taken before a renewal is sent. */
  instant(): Instant {
    return this.#deps.now();
  }

  /** A renewal that was sent at `sentAt` was answered as valid. */
  async touch(sentAt: Instant): Promise<void> {
    this.#contact = sentAt;
    await writeJsonFile(this.#path(), { schema: 1, contact: sentAt });
  }

  /** Fenced from now until the next contact, also after a restart. */
  async fence(): Promise<void> {
    this.#contact = undefined;
    await writeJsonFile(this.#path(), { schema: 1, contact: null });
  }

  /** Milliseconds since the last contact; undefined when there is none or no clock can tell. */
  ageMs(): number | undefined {
    return this.#contact === undefined ? undefined : contactAgeMs(this.#contact, this.#deps.now());
  }

  /** Why no address may be given out for lack of contact, or undefined. */
  fenceReason(holdDownMs: number): string | undefined {
    return fenceReason(this.#contact, holdDownMs, this.#deps.now());
  }

  #path(): string {
    return join(this.#deps.dataDir, 'contact.json');
  }
}
