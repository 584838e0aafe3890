/** The seam between an attachment's life and what joins its container to the node: one interface, one implementation for each way. */
import type { AttachmentKey, CheckInput } from '@wgcni/api';
import type { PublicKey } from '@wgcni/wg';
import type { Core } from '../core.ts';
import type { AttachmentRecord } from '../record.ts';
import type { RunStep } from '../request-steps.ts';

/** What is looked at once for all attachments, to tell which of them live. */
export interface Surroundings {
  /** UDP ports that are bound in the node's namespace. */
  bound: ReadonlySet<number>;
  /** Links of the node's namespace; empty while no attachment asks for them. */
  links: ReadonlySet<string>;
}

/** Every method works from the record alone, and whoever calls holds the lock of its key. */
export interface Link {
  /** Takes what the record must hold beside its addresses; 0 where no UDP port is needed. Throws CatalogueError `pool.exhausted`. */
  takePort(core: Core, bound: ReadonlySet<number>): number;
  /** Makes both sides, the node's first; resolves with the device's public key, or null where it has none. Whatever it made, the removals undo. */
  build(core: Core, reserved: AttachmentRecord, step: RunStep): Promise<PublicKey | null>;
  /** Removes the device; a missing one, or a missing namespace, is fine. */
  removeDevice(core: Core, record: AttachmentRecord): Promise<void>;
  /** Removes what the node has beside it; missing is fine. */
  removeNodeSide(core: Core, record: AttachmentRecord): Promise<void>;
  /** Removes what may be left of an attachment without a record. */
  removeUnrecorded(core: Core, key: AttachmentKey): Promise<void>;
  /** Whether the record's own device is in its namespace. */
  isThere(core: Core, record: AttachmentRecord): Promise<boolean>;
  /** Whether the attachment lives (design §5). */
  isAlive(core: Core, record: AttachmentRecord, seen: Surroundings): Promise<boolean>;
  /** Whether a process holds the device up, which is made anew when it dies. */
  hasProcess(core: Core): boolean;
  /** What is not as ADD left it. */
  faults(core: Core, record: AttachmentRecord, input: CheckInput): Promise<string[]>;
  /** Writes another MTU, in bytes, to what is there. */
  setMtu(core: Core, record: AttachmentRecord, mtu: number): Promise<void>;
  /** The adopted record that is of `key`, with what was found out of it since; undefined when there is none. */
  findAdopted(core: Core, key: AttachmentKey, netns: string | undefined): Promise<AttachmentRecord | undefined>;
}
