/** An ADD counts as a success only with an address of each family that nobody else holds. */
import type { PluginAnswer } from '@wgcni/testing';
import { expect, it } from 'vitest';
import { failureOf, readAddition } from './call-answer.ts';

const answer = (...addresses: string[]): PluginAnswer => ({
  ...{ exitCode: 0, stderr: '', durationMs: 1 },
  stdout: JSON.stringify({ ips: addresses.map((address) => ({ address })), interfaces: [] }),
});

it('an ADD with both families succeeds, and its addresses are held', () => {
  const held = new Set(['10.64.0.2']);
  expect(readAddition(answer('10.64.0.3/24', 'fd64::3/64'), held)).toEqual({ addresses: ['10.64.0.3', 'fd64::3'] });
  expect([...held]).toEqual(['10.64.0.2', '10.64.0.3', 'fd64::3']);
});

it('an address that another holds is a failure, whatever the exit status says', () => {
  const held = new Set(['fd64::3']);
  expect(readAddition(answer('10.64.0.3/24', 'fd64::3/64'), held).failure).toBe('fd64::3 is held by another');
});

it('an ADD without an address of one family is a failure', () => {
  expect(readAddition(answer('10.64.0.3/24'), new Set()).failure).toBe('not of both families: 10.64.0.3');
});

it('an exit status other than 0 is a failure that tells what was said', () => {
  const failed: PluginAnswer = { exitCode: 1, stdout: '{"code":11}', stderr: 'why', durationMs: 1 };
  expect(failureOf(failed)).toBe('exit status 1: {"code":11} why');
  expect(readAddition(failed, new Set())).toEqual({ addresses: [], failure: 'exit status 1: {"code":11} why' });
});
