/** The queue's format: what is written can be read, in order, and an entry never kills a newer attachment. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  concerns,
  decodeQueueEntry,
  encodeQueueEntry,
  inQueueOrder,
  isOutdated,
  isQueueFileName,
  mayConcern,
  queueFileName,
  type QueueEntry,
} from './queue-entry.ts';

const entry: QueueEntry = {
  network: 'mesh',
  containerId: 'c1',
  ifName: 'eth0',
  netns: '/run/netns/a',
  queuedAt: '2026-01-02T03:04:05.678Z',
  bootId: 'boot-2',
  uptimeMs: 5_000,
};

describe('a queue entry', () => {
  it('is read back as it was written', () => {
    expect(decodeQueueEntry(encodeQueueEntry(entry))).toEqual(entry);
  });

  it.each(['', '{', '[]', '{}', '{"network":"a"}', JSON.stringify({ ...entry, queuedAt: 'yesterday' })])(
    'is not read from %j',
    (text) => {
      expect(decodeQueueEntry(text)).toBeUndefined();
    },
  );

  it('is found by its key, and only by it', () => {
    const name = queueFileName(entry, 'a1');
    expect(isQueueFileName(name)).toBe(true);
    expect(mayConcern(name, entry)).toBe(true);
    expect(mayConcern(name, { ...entry, ifName: 'eth1' })).toBe(false);
    expect(concerns(entry, { network: 'mesh', containerId: 'c1', ifName: 'eth0' })).toBe(true);
    expect(concerns(entry, { network: 'mesh', containerId: 'c2', ifName: 'eth0' })).toBe(false);
  });

  it('has a file name that fits whatever its key is', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (network, containerId, ifName) => {
        const name = queueFileName({ ...entry, network, containerId, ifName }, 'z9-1');
        return isQueueFileName(name) && name.length < 128;
      }),
    );
  });

  it('is replayed in the order of queueing; what is not an entry is passed over', () => {
    const later = queueFileName({ ...entry, containerId: 'c2', queuedAt: '2026-01-02T03:04:06.000Z' }, 'a');
    const sooner = queueFileName(entry, 'b');
    expect(inQueueOrder([later, 'README', `${sooner}.new`, sooner])).toEqual([sooner, later]);
  });
});

describe('isOutdated', () => {
  const record = { recordedAt: '2026-01-02T03:04:05.000Z', bootId: 'boot-2', uptimeMs: 4_000 };

  it('drops an entry that is older than the record by the uptime of one boot, whatever the wall clock says', () => {
    expect(isOutdated(entry, { ...record, uptimeMs: 6_000, recordedAt: '2020-01-01T00:00:00Z' }, 'boot-2')).toBe(true);
    expect(isOutdated(entry, { ...record, recordedAt: '2030-01-01T00:00:00Z' }, 'boot-2')).toBe(false);
  });

  it('goes by the wall clock where one of them has no uptime', () => {
    const { uptimeMs: _, ...bare } = record;
    expect(isOutdated(entry, bare, 'boot-2')).toBe(false);
    expect(isOutdated(entry, { ...bare, recordedAt: '2026-01-02T03:04:06.000Z' }, 'boot-2')).toBe(true);
  });

  it('drops an entry of an earlier boot than the record, and obeys one of a later', () => {
    expect(
      isOutdated({ ...entry, bootId: 'boot-1' }, { ...record, recordedAt: '2020-01-01T00:00:00Z' }, 'boot-2'),
    ).toBe(true);
    expect(isOutdated(entry, { ...record, bootId: 'boot-1', recordedAt: '2030-01-01T00:00:00Z' }, 'boot-2')).toBe(
      false,
    );
  });

  it('goes by the wall clock when both are of boots long ago', () => {
    expect(isOutdated(entry, { ...record, bootId: 'boot-1', recordedAt: '2030-01-01T00:00:00Z' }, 'boot-3')).toBe(true);
    expect(isOutdated(entry, { ...record, bootId: 'boot-1' }, 'boot-3')).toBe(false);
  });
});
