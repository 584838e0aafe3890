/** A process that would end the same way again says so, in one line with the remedy. */
import { CatalogueError, type ErrorCode } from '@wgcni/base';
import { describe, expect, it } from 'vitest';
import { howItEnded } from './how-it-ended.ts';
import { TextAsked } from './program.ts';

describe('the status of an end', () => {
  it.each<[ErrorCode, number]>([
    ['config.invalid', 2],
    ['token.refused', 2],
    ['authority.unknown', 2],
    ['leader.absent', 1],
  ])('by %s is %i', (code, status) => {
    expect(howItEnded('p', new CatalogueError(code, 'no')).status).toBe(status);
  });

  it('by anything else is 1', () => {
    expect(howItEnded('p', new Error('no'))).toEqual({ stdout: '', stderr: 'p: no\n', status: 1 });
  });

  it('by a text that was asked for is 0', () => {
    expect(howItEnded('p', new TextAsked('1.2.3\n'))).toEqual({ stdout: '1.2.3\n', stderr: '', status: 0 });
  });
});

it('names the remedy', () => {
  const error = new CatalogueError('config.invalid', '--mtu "x" is no number', { remedy: 'use one' });
  expect(howItEnded('p', error).stderr).toBe('p: --mtu "x" is no number; use one\n');
});
