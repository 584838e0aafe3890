/** Between our port's types and etcd's wire messages; 64-bit numbers travel as decimal text. */
import type { ICompare, IKeyValue, IRequestOp, ITxnRequest } from 'etcd3';
import type { Compare, StoredKey, Transaction, Write } from '../port.ts';

/** One key as etcd sends it. */
export function toStoredKey(kv: IKeyValue): StoredKey {
  return {
    key: kv.key.toString('utf8'),
    value: kv.value.toString('utf8'),
    createRevision: Number(kv.create_revision),
    modRevision: Number(kv.mod_revision),
    lease: kv.lease,
  };
}

/** A transaction as etcd takes it; the else arm reads. */
export function toTxn({ compare, then, readOnConflict = [] }: Transaction): ITxnRequest {
  return {
    compare: compare.map(toCompare),
    success: then.map(toRequest),
    failure: readOnConflict.map((key) => ({ request_range: { key: Buffer.from(key) } })),
  };
}

/** The end of the range of all keys under a prefix: the prefix with its last byte one higher. */
export function prefixEnd(prefix: string): Buffer {
  const end = Buffer.from(prefix);
  const last = end.length - 1;
  end[last] = (end[last] ?? 0) + 1;
  return end;
}

function toCompare(condition: Compare): ICompare {
  const key = Buffer.from(condition.key);
  switch (condition.target) {
    case 'create':
      return { key, result: 'Equal', target: 'Create', create_revision: String(condition.equals) };
    case 'mod':
      return { key, result: 'Equal', target: 'Mod', mod_revision: String(condition.equals) };
    case 'lease':
      // The field is in etcd's protocol and in etcd3's descriptor, but not in its types.
      return { key, result: 'Equal', target: 'Lease', lease: condition.equals };
    case 'value':
      return { key, result: 'Equal', target: 'Value', value: Buffer.from(condition.equals) };
  }
}

function toRequest(write: Write): IRequestOp {
  const key = Buffer.from(write.key);
  if (write.kind === 'delete') return { request_delete_range: { key } };
  return { request_put: { key, value: Buffer.from(write.value), lease: write.lease ?? '0' } };
}
