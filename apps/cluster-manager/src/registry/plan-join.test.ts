/** Who joins by which token: once, in time, as whom it says, and never as somebody who is there. */
import type { AdmissionRecord, StoredKey, TokenRecord } from '@wgcni/store';
import { describe, expect, it } from 'vitest';
import { type JoinGround, planJoin } from './plan-join.ts';

const hash = 'aa'.repeat(32);
const [keyDigest, otherKey] = ['11'.repeat(32), '22'.repeat(32)];
const attempt = { nodeId: 'n1', hash, keyDigest };
const keys = { token: 't', admission: 'a', node: 'n' };

const item = (key: string, modRevision: number): StoredKey => ({
  ...{ key, modRevision, createRevision: 1, value: '{}', lease: '7' },
});
const token = (change: Partial<TokenRecord> = {}) => ({
  record: { schema: 1, tokenId: '00', hash, nodeId: null, uses: 1, usedBy: [], expiresAt: '', ...change },
  item: item('t', 5),
});
const admission = (change: Partial<AdmissionRecord>) => ({
  record: { schema: 1, nodeId: 'n1', state: 'joined' as const, keyDigest, ...change },
  item: item('a', 6),
});
const ground = (change: Partial<JoinGround>): JoinGround => ({
  ...{ keys, token: token(), admission: undefined, isNodeKnown: false, isRecovering: false },
  ...change,
});

describe('a token for anybody', () => {
  it('admits a new node, compared with all that it rests on, and keeps its lease', () => {
    const plan = planJoin(attempt, ground({}));
    expect(plan).toMatchObject({
      kind: 'commit',
      transaction: {
        compare: [
          { key: 't', target: 'mod', equals: 5 },
          { key: 'a', target: 'mod', equals: 0 },
          { key: 'n', target: 'create', equals: 0 },
        ],
        then: [
          { key: 't', lease: '7' },
          { key: 'a', value: JSON.stringify({ schema: 1, nodeId: 'n1', state: 'joined', keyDigest }) },
        ],
      },
    });
  });

  it('admits a node that was deleted', () => {
    const deleted = admission({ state: 'deleted', keyDigest: null });
    expect(planJoin(attempt, ground({ admission: deleted })).kind).toBe('commit');
    expect(planJoin(attempt, ground({ admission: deleted, isNodeKnown: true })).kind).toBe('commit');
  });

  it.each([
    ['a node that has joined with another key', { admission: admission({ keyDigest: otherKey }) }],
    ['a node that is in the mesh', { isNodeKnown: true }],
    ['anybody while the store has lost history', { isRecovering: true }],
  ])('does not admit %s', (_, change) => {
    expect(planJoin(attempt, ground(change))).toMatchObject({ kind: 'refused' });
  });
});

describe('a token for one node', () => {
  const bound = token({ nodeId: 'n1' });

  it('admits it, in place of the key that it had', () => {
    expect(planJoin(attempt, ground({ token: bound })).kind).toBe('commit');
    expect(planJoin(attempt, ground({ token: bound, isRecovering: true })).kind).toBe('commit');
    const replaced = { token: bound, admission: admission({ keyDigest: otherKey }), isNodeKnown: true };
    expect(planJoin(attempt, ground(replaced)).kind).toBe('commit');
  });

  it('admits no other', () => {
    expect(planJoin({ ...attempt, nodeId: 'n2' }, ground({ token: bound }))).toMatchObject({ kind: 'refused' });
  });
});

describe('a token', () => {
  it('answers the same key again, without another use', () => {
    const used = token({ usedBy: [keyDigest] });
    expect(planJoin(attempt, ground({ token: used, admission: admission({}), isNodeKnown: true }))).toEqual({
      kind: 'admitted',
    });
  });

  it.each([
    ['that is not there', { token: undefined }],
    ['of another secret', { token: token({ hash: 'bb'.repeat(32) }) }],
    ['that another key has used up', { token: token({ usedBy: [otherKey] }) }],
    [
      'by which a key joined that was deleted since',
      { token: token({ uses: 2, usedBy: [keyDigest] }), admission: admission({ state: 'deleted', keyDigest: null }) },
    ],
  ])('%s admits nobody', (_, change) => {
    expect(planJoin(attempt, ground(change))).toMatchObject({ kind: 'refused' });
  });

  it('is used as often as it says', () => {
    const plan = planJoin(attempt, ground({ token: token({ uses: 2, usedBy: [otherKey] }) }));
    expect(plan.kind === 'commit' && plan.transaction.then[0]).toMatchObject({
      value: expect.stringContaining(`"usedBy":["${otherKey}","${keyDigest}"]`) as string,
    });
  });
});
