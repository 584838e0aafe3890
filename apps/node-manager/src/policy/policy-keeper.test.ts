/** What is kept in the kernel, and what is told of it. */
import { silentLog } from '@wgcni/base';
import { parseCidr } from '@wgcni/ipam';
import { MemoryNftTable } from '@wgcni/iproute';
import { expect, it } from 'vitest';
import type { Policy } from './policy.ts';
import { PolicyKeeper } from './policy-keeper.ts';

const web = { name: 'web', from: ['containers'], to: ['any'], protocol: 'tcp' as const, ports: ['80'] };
const policy: Policy = {
  ...{ isolation: 'isolated', rules: [web], nodePorts: [], reachable: [], routes: [], clientPools: [] },
  pools: [{ cidr: parseCidr('10.64.0.0/12'), prefixLength: 24 }],
};

it('tells what the rules of the kernel let pass and what was denied, and keeps counting through a change', async () => {
  const policyTable = new MemoryNftTable();
  const keeper = new PolicyKeeper({ policyTable, log: silentLog });
  expect([keeper.last, await keeper.status()]).toEqual([null, null]);
  await keeper.keep(policy);
  policyTable.count('rule-web', { packets: 3, bytes: 180 });
  policyTable.count('denied-container-outside', { packets: 2, bytes: 120 });
  const shown = {
    isolation: 'isolated',
    rules: [{ name: 'web', packets: 3, bytes: 180 }],
    denied: [{ what: 'container-outside', packets: 2, bytes: 120 }],
  };
  expect(await keeper.status()).toEqual(shown);
  await keeper.keep({ ...policy, rules: [{ ...web, name: 'dns' }, web] });
  expect(keeper.last).toEqual({ ...shown, rules: [{ name: 'dns', packets: 0, bytes: 0 }, ...shown.rules] });
});

it('tells what was counted last when the kernel does not say', async () => {
  const policyTable = new MemoryNftTable();
  const keeper = new PolicyKeeper({ policyTable, log: silentLog });
  await keeper.keep(policy);
  policyTable.counts = () => Promise.reject(new Error('nft is gone'));
  expect(await keeper.status()).toEqual(keeper.last);
});

it('says when somebody else had changed what was kept, and not when the policy itself changed', async () => {
  const policyTable = new MemoryNftTable();
  let [restored, differences] = [0, 0];
  const keeper = new PolicyKeeper({
    ...{ policyTable, log: silentLog, onRestored: () => (restored += 1) },
    differed: (count) => (differences += count),
  });
  await keeper.keep(policy);
  await keeper.keep({ ...policy, isolation: 'open' });
  await keeper.keep(policy);
  await keeper.keep(policy);
  expect([restored, differences]).toEqual([0, 0]);
  await policyTable.remove();
  await keeper.keep(policy);
  expect([restored, differences]).toEqual([1, 1]);
});
