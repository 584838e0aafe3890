/** With what a member of a lab's etcd is started. */
import { expect, it } from 'vitest';
import { memberFlags } from './credentials.ts';
import { planLab } from './plan.ts';

it('lets a member take nobody but members for one', () => {
  const flags = memberFlags(planLab('x'), 'e1');
  expect(flags).toContain('--peer-client-cert-auth');
  expect(flags[flags.indexOf('--peer-cert-allowed-cn') + 1]).toBe('etcd');
});
