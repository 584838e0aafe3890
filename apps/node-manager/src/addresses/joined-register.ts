/** The joined addresses of this node: on disk first, then in memory, with the time that each has left. */
import type { Clock } from '@wgcni/base';
import type { PublicKey } from '@wgcni/wg';
import type { RecordDirectory } from '../attachments/record-directory.ts';
import { type JoinedRecord, lifetimeMs } from './joined-record.ts';

interface Entry {
  record: JoinedRecord;
  /** Monotonic instant of `renewedAtMs`: a wall clock that jumps while we run changes no lifetime. */
  renewedAt: number;
}

export class JoinedRegister {
  readonly #directory: RecordDirectory<JoinedRecord>;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #leaving = new Set<PublicKey>();

  constructor(directory: RecordDirectory<JoinedRecord>, clock: Clock) {
    this.#directory = directory;
    this.#clock = clock;
  }

  /** Reads every record from disk; resolves with the paths of those that could not be read. */
  async load(): Promise<string[]> {
    const { records, quarantined } = await this.#directory.load();
    for (const record of records) {
      const ageMs = Math.max(0, this.#clock.wallMs() - record.renewedAtMs);
      this.#entries.set(record.name, { record, renewedAt: this.#clock.monotonicMs() - ageMs });
    }
    return quarantined;
  }

  get(name: string): JoinedRecord | undefined {
    return this.#entries.get(name)?.record;
  }

  all(): JoinedRecord[] {
    return [...this.#entries.values()].map(({ record }) => record);
  }

  /** Keys whose peers are on their way out. */
  leaving(): ReadonlySet<PublicKey> {
    return this.#leaving;
  }

  markLeaving(publicKey: PublicKey): void {
    this.#leaving.add(publicKey);
  }

  /** Milliseconds that the address still lives; undefined when for ever, or when there is none of this name. */
  remainingMs(name: string): number | undefined {
    const entry = this.#entries.get(name);
    const lifetime = entry === undefined ? undefined : lifetimeMs(entry.record);
    if (entry === undefined || lifetime === undefined) return undefined;
    return entry.renewedAt + lifetime - this.#clock.monotonicMs();
  }

  /** Writes a record and, with `isRenewed`, begins its lifetime anew; it counts once it is durable. */
  async put(record: JoinedRecord, isRenewed: boolean): Promise<void> {
    const before = this.#entries.get(record.name);
    const renewedAt = isRenewed || before === undefined ? this.#clock.monotonicMs() : before.renewedAt;
    await this.#directory.put(record.name, record);
    this.#entries.set(record.name, { record, renewedAt });
    if (record.publicKey !== null) this.#leaving.delete(record.publicKey);
  }

  /** Removes a record durably, last of all. */
  async forget(name: string): Promise<void> {
    await this.#directory.remove(name);
    const publicKey = this.get(name)?.publicKey;
    this.#entries.delete(name);
    if (publicKey !== undefined && publicKey !== null) this.#leaving.delete(publicKey);
  }
}
