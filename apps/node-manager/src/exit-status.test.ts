/** A process that would end the same way again says so. */
import { CatalogueError, type ErrorCode } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { exitStatusOf } from './exit-status.ts';

describe('the status of an end', () => {
  it.each<[ErrorCode, number]>([
    ['config.invalid', 2],
    ['token.refused', 2],
    ['authority.unknown', 2],
    ['leader.absent', 1],
  ])('by %s is %i', (code, status) => {
    expect(exitStatusOf(new CatalogueError(code, 'no'))).toBe(status);
  });

  it('by anything else is 1', () => {
    expect(exitStatusOf(new Error('no'))).toBe(1);
  });
});
