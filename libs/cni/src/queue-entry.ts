/** A deletion that waits on disk while the node-manager is away: name, text, order, and when it is too late (docs/decisions/0001). */
import { isObject, type JsonObject } from './json-shape.ts';

/** The key of an attachment. */
export interface DeletionKey {
  network: string;
  containerId: string;
  ifName: string;
}

export interface QueueEntry extends DeletionKey {
  netns?: string;
  /** When the DEL that queued it began, as ISO text of the wall clock. */
  queuedAt: string;
  /** The boot in which that was. */
  bootId: string;
  /** The same instant in milliseconds on that boot's CLOCK_MONOTONIC (`process.hrtime`), which cannot jump. */
  uptimeMs?: number;
}

/** When a record was made, in the terms of an entry, so that the two can be compared. */
export interface RecordedMoment {
  /** ISO text of the wall clock. */
  recordedAt: string;
  bootId: string;
  /** Milliseconds on that boot's CLOCK_MONOTONIC (`process.hrtime`), when the record has it. */
  uptimeMs?: number;
}

/** As many entries a queue holds; a DEL that finds more fails. */
export const queueLimit = 10_000;

/** What a file is called while it is written; never read, and rubbish once its writer is gone (`writerOf`). */
export const unfinishedSuffix = '.new';

const namePattern = /^[0-9a-f]{16}\.[0-9]{13,16}\.[0-9a-z-]{1,64}\.json$/;

/** The name of an entry's file: the key's tag, the instant, and `unique`, which must differ between any two writers (`[0-9a-z-]`). */
export function queueFileName(entry: QueueEntry, unique: string): string {
  const at = String(Math.max(0, Date.parse(entry.queuedAt))).padStart(13, '0');
  return `${keyTag(entry)}.${at}.${unique}.json`;
}

/** Whether a name in the queue's directory is an entry: finished, and written by this protocol. */
export function isQueueFileName(name: string): boolean {
  return namePattern.test(name);
}

/** The part of a name that no two writers share: the process id, and an instant of that process's clock. */
export function uniquePart(pid: number, instant: bigint): string {
  return `${pid}-${instant.toString(36)}`;
}

/** The process that writes, or wrote, an unfinished file; undefined for any other name. */
export function writerOf(name: string): number | undefined {
  const pid = /^[0-9a-f]{16}\.[0-9]{13,16}\.([0-9]+)-[0-9a-z]+\.json\.new$/.exec(name)?.[1];
  return pid === undefined ? undefined : Number(pid);
}

/** Whether an entry of this name can be one of `key`; collisions are possible, the entry's text decides. */
export function mayConcern(name: string, key: DeletionKey): boolean {
  return isQueueFileName(name) && name.startsWith(`${keyTag(key)}.`);
}

/** Whether an entry is exactly one of `key`. */
export function concerns(entry: QueueEntry, key: DeletionKey): boolean {
  return entry.network === key.network && entry.containerId === key.containerId && entry.ifName === key.ifName;
}

export function encodeQueueEntry(entry: QueueEntry): string {
  return `${JSON.stringify({ schema: 1, ...entry })}\n`;
}

/** The entry of a text, or undefined when it is none: such a file is to be set aside and told of, not obeyed. */
export function decodeQueueEntry(text: string): QueueEntry | undefined {
  const object = parseObject(text);
  if (object === undefined) return undefined;
  const { network, containerId, ifName, netns, queuedAt, bootId, uptimeMs } = object;
  if (!isFilled(network) || !isFilled(containerId) || !isFilled(ifName)) return undefined;
  if (!isFilled(queuedAt) || Number.isNaN(Date.parse(queuedAt)) || !isFilled(bootId)) return undefined;
  return {
    network,
    containerId,
    ifName,
    ...(isFilled(netns) ? { netns } : {}),
    queuedAt,
    bootId,
    ...(typeof uptimeMs === 'number' && Number.isFinite(uptimeMs) ? { uptimeMs } : {}),
  };
}

/** File names in the order in which their entries were queued. */
export function inQueueOrder(names: readonly string[]): string[] {
  const instant = (name: string): number => Number(name.split('.')[1]);
  return names.filter(isQueueFileName).sort((one, other) => instant(one) - instant(other) || (one < other ? -1 : 1));
}

/**
 * Whether an entry is older than the record that it would delete, and is therefore dropped: the container was added again since.
 * Within one boot the uptimes decide when both have one; between boots, what is of the current boot is the newer; else the wall clock.
 */
export function isOutdated(entry: QueueEntry, record: RecordedMoment, currentBootId: string): boolean {
  if (entry.bootId === record.bootId && entry.uptimeMs !== undefined && record.uptimeMs !== undefined) {
    return entry.uptimeMs < record.uptimeMs;
  }
  if (entry.bootId !== record.bootId) {
    if (record.bootId === currentBootId) return true;
    if (entry.bootId === currentBootId) return false;
  }
  return Date.parse(entry.queuedAt) < Date.parse(record.recordedAt);
}

/** FNV-1a of 64 bits over the key: short enough for a file name whatever the runtime's names are. */
function keyTag({ network, containerId, ifName }: DeletionKey): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(JSON.stringify([network, containerId, ifName]))) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return hash.toString(16).padStart(16, '0');
}

function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
