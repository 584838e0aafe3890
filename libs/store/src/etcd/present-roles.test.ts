/** A call that came in between two changes of roles is made again, and no other failure is. */
import { expect, it } from 'vitest';
import { underPresentRoles } from './present-roles.ts';

const stale = new Error('3 INVALID_ARGUMENT: etcdserver: revision of auth store is old');

/** Fails so many times with that, then answers. */
function failing(times: number, error: Error): { call: () => Promise<string>; calls: () => number } {
  let calls = 0;
  const call = async (): Promise<string> => {
    calls += 1;
    await Promise.resolve();
    if (calls <= times) throw error;
    return 'answer';
  };
  return { call, calls: () => calls };
}

it('repeats what was refused for roles that changed meanwhile', async () => {
  const { call, calls } = failing(3, stale);
  expect([await underPresentRoles(call), calls()]).toEqual(['answer', 4]);
});

it('gives up at last, and at once for anything else', async () => {
  const endless = failing(1_000, stale);
  await expect(underPresentRoles(endless.call)).rejects.toBe(stale);
  expect(endless.calls()).toBeLessThan(100);
  const denied = new Error('7 PERMISSION_DENIED: etcdserver: permission denied');
  const other = failing(1, denied);
  await expect(underPresentRoles(other.call)).rejects.toBe(denied);
  expect(other.calls()).toBe(1);
});
