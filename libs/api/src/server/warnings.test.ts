/** What Node warns of stands in the log, once. */
import { silentLog } from '@wgcni/base';
import { afterEach, expect, it } from 'vitest';
import { logWarnings } from './warnings.ts';

const before = process.listeners('warning');
afterEach(() => {
  process.removeAllListeners('warning');
  for (const listener of before) process.on('warning', listener);
});

it('becomes one line of the log, with its code', async () => {
  const logged: [string, object][] = [];
  logWarnings({ ...silentLog, warn: (fields, event) => void logged.push([event, fields]) });
  process.emitWarning('this is old', { type: 'DeprecationWarning', code: 'WGCNI_TEST' });
  await expect.poll(() => logged).toHaveLength(1);
  const fields = { name: 'DeprecationWarning', why: 'this is old', code: 'WGCNI_TEST' };
  expect(logged).toEqual([['process.warning', fields]]);
  expect(process.listenerCount('warning')).toBe(1);
});
