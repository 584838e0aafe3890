/** Records: what is readable is read, what is not is set aside with a reason, and what a newer version added survives. */
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord } from './codec.ts';
import { KeyClaimRecord } from './schemas.ts';

const item = (value: string) => ({ key: '/k', value, createRevision: 1, modRevision: 7, lease: '0' });

describe('a record', () => {
  it('is read with the revision of its last change', () => {
    expect(decodeRecord(KeyClaimRecord, item('{"schema":1,"nodeId":"n1","later":true}'))).toEqual({
      kind: 'record',
      record: { schema: 1, nodeId: 'n1', later: true },
      modRevision: 7,
    });
  });

  it.each([
    ['no JSON', '{', 'the value is not JSON'],
    ['a newer schema', '{"schema":2,"nodeId":"n1"}', 'written in schema 2; this version reads up to 1'],
    ['a field of another type', '{"schema":1,"nodeId":7}', '/nodeId Expected string'],
    ['a missing field', '{"schema":1}', '/nodeId Expected required property'],
    ['no object', '"n1"', 'Expected object'],
    ['nothing', 'null', 'Expected object'],
  ])('is set aside for %s', (_what, value, reason) => {
    expect(decodeRecord(KeyClaimRecord, item(value))).toEqual({ kind: 'quarantined', key: '/k', reason });
  });

  it('keeps the fields that its rewriter does not know', () => {
    const before = item('{"schema":1,"nodeId":"n1","later":{"a":1}}');
    expect(JSON.parse(encodeRecord({ schema: 1, nodeId: 'n2' }, before))).toEqual({
      schema: 1,
      nodeId: 'n2',
      later: { a: 1 },
    });
  });

  it.each(['null', '7', '{'])('takes nothing over from a previous value %s', (value) => {
    expect(encodeRecord({ schema: 1 }, item(value))).toBe('{"schema":1}');
  });

  it('is written without a previous one', () => {
    expect(encodeRecord({ schema: 1 })).toBe('{"schema":1}');
  });
});
