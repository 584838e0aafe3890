/** STATUS: what stops a runtime from using this node, and what is only said. */
import { describe, expect, it } from 'vitest';
import { judgeStatus, type JudgedStatus } from './status-verdict.ts';

const full = { subnet: '10.64.3.0/24', taken: 253, free: '0' };
const roomy = { subnet: '10.64.4.0/24', taken: 1, free: '252' };
const ready: JudgedStatus = {
  readiness: 'ready',
  reason: null,
  isViewStored: false,
  attachments: { total: 3, orphaned: 0, adopted: 1 },
  addresses: [roomy, { subnet: 'fd64::/64', taken: 3, free: '18446744073709551612' }],
};

describe('judgeStatus', () => {
  it('is content with a ready node', () => {
    expect(judgeStatus(ready, true)).toEqual({ warnings: [] });
  });

  it.each(['no-grant', 'fenced', 'draining', 'deleted', 'duplicate', 'starting'] as const)(
    'fails a node that is %s with code 50, saying why',
    (readiness) => {
      const { error } = judgeStatus({ ...ready, readiness, reason: 'because' }, false);
      expect(error).toMatchObject({ cni: 50, message: expect.stringContaining(readiness), remedy: 'because' });
    },
  );

  it('fails a node with orphaned attachments with code 51', () => {
    const orphaned = { ...ready, attachments: { total: 3, orphaned: 2, adopted: 0 } };
    expect(judgeStatus(orphaned, false).error).toMatchObject({ cni: 51, message: expect.stringContaining('2') });
  });

  it('warns of a stored view, and fails with code 51 where the configuration is strict', () => {
    expect(judgeStatus({ ...ready, isViewStored: true }, false)).toEqual({ warnings: [expect.stringMatching('view')] });
    expect(judgeStatus({ ...ready, isViewStored: true }, true).error?.cni).toBe(51);
  });

  it('warns of an exhausted family, and fails with code 50 where the configuration is strict', () => {
    const exhausted = { ...ready, addresses: [full, ...ready.addresses.slice(1)] };
    expect(judgeStatus(exhausted, false)).toEqual({ warnings: [expect.stringContaining('IPv4')] });
    expect(judgeStatus(exhausted, true).error?.cni).toBe(50);
    const v6 = { ...ready, addresses: [roomy, { subnet: 'fd64::/64', taken: 1, free: '0' }] };
    expect(judgeStatus(v6, false).warnings).toEqual([expect.stringContaining('IPv6')]);
  });

  it('does not call a family exhausted while one of its subnets has room', () => {
    expect(judgeStatus({ ...ready, addresses: [full, roomy] }, true)).toEqual({ warnings: [] });
  });
});
