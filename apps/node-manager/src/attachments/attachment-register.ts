/** The records of this node: on disk first, then in memory; what the pods device must hold follows from them. */
import type { AttachmentKey } from '@wgcni/api';
import type { PublicKey } from '@wgcni/wg';
import { type AttachmentRecord, keyText } from './record.ts';
import type { RecordDirectory } from './record-directory.ts';

export class AttachmentRegister {
  readonly #directory: RecordDirectory<AttachmentRecord>;
  readonly #records = new Map<string, AttachmentRecord>();
  readonly #leaving = new Set<string>();
  readonly #onChange: () => void;

  /** `onChange` is called whenever a record counts, is leaving or is gone. */
  constructor(directory: RecordDirectory<AttachmentRecord>, onChange: () => void = () => {}) {
    this.#directory = directory;
    this.#onChange = onChange;
  }

  /** Reads every record from disk; resolves with the paths of those that could not be read. */
  async load(): Promise<string[]> {
    const { records, quarantined } = await this.#directory.load();
    for (const record of records) this.#records.set(keyText(record), record);
    for (const record of records) await this.#dropRenamed(record);
    return quarantined;
  }

  get(key: AttachmentKey): AttachmentRecord | undefined {
    return this.#records.get(keyText(key));
  }

  all(): AttachmentRecord[] {
    return [...this.#records.values()];
  }

  byPublicKey(publicKey: PublicKey): AttachmentRecord | undefined {
    return this.all().find((record) => record.publicKey === publicKey);
  }

  /** Writes a record; it counts once it is durable. */
  async put(record: AttachmentRecord): Promise<void> {
    await this.#directory.put(keyText(record), record);
    this.#records.set(keyText(record), record);
    this.#onChange();
  }

  /** Gives a record another key; a crash in between leaves both, of which `load` keeps the new one. */
  async rename(before: AttachmentKey, record: AttachmentRecord): Promise<void> {
    await this.put(record);
    await this.forget(before);
  }

  /** The key pair of an ADD in flight, so that a reconcile in between keeps its peer; durable with the next `put`. */
  expectKey(key: AttachmentKey, publicKey: PublicKey): void {
    const record = this.get(key);
    if (record !== undefined) this.#records.set(keyText(key), { ...record, publicKey });
  }

  /** From here on the record's peer is on its way out: a reconcile neither restores nor adopts it. */
  markLeaving(key: AttachmentKey): void {
    this.#leaving.add(keyText(key));
    this.#onChange();
  }

  isLeaving(key: AttachmentKey): boolean {
    return this.#leaving.has(keyText(key));
  }

  /** Removes a record durably, last of all steps of a DEL. */
  async forget(key: AttachmentKey): Promise<void> {
    await this.#directory.remove(keyText(key));
    this.#records.delete(keyText(key));
    this.#leaving.delete(keyText(key));
    this.#onChange();
  }

  async #dropRenamed(record: AttachmentRecord): Promise<void> {
    if (record.state !== 'adopted') return;
    const held = new Set(record.addresses.map(({ address }) => address));
    // One address, one attachment: who has it too is the same one, under its own name.
    const isRenamed = this.all().some(
      (other) => other.state !== 'adopted' && other.addresses.some(({ address }) => held.has(address)),
    );
    if (isRenamed) await this.forget(record);
  }
}
