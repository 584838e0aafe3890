/** What is printed, and its reader. A real pipe that is closed early: apps/e2e/src/bad-flags.test.ts. */
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { endWithReader } from './reader.ts';

function failing(code: string): { fail: () => void; ends: () => number } {
  const stream = new PassThrough();
  let ends = 0;
  endWithReader(stream, () => (ends += 1));
  return { fail: () => stream.emit('error', Object.assign(new Error(code), { code })), ends: () => ends };
}

describe('what is printed', () => {
  it('ends the command when nobody reads it any more', () => {
    const { fail, ends } = failing('EPIPE');
    fail();
    expect(ends()).toBe(1);
  });

  it('fails aloud when it cannot be written for another reason', () => {
    const { fail, ends } = failing('ENOSPC');
    expect(fail).toThrow('ENOSPC');
    expect(ends()).toBe(0);
  });
});
