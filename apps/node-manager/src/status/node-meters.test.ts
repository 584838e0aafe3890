/** What a node counts of its own work. */
import { Metrics } from '@wgcni/api/server';
import { ManualClock } from '@wgcni/testing';
import { expect, it } from 'vitest';
import { NodeMeters } from './node-meters.ts';

function metered() {
  const clock = new ManualClock();
  const meters = new NodeMeters(clock);
  const metrics = new Metrics({ program: 'test', version: '1', certificates: () => [] });
  for (const meter of meters.all) metrics.include(meter);
  const told = async (start: string): Promise<string[]> =>
    (await metrics.text()).split('\n').filter((line) => line.startsWith(start));
  return { clock, meters, told };
}

it('times a reconciler, and throws what it throws', async () => {
  const { clock, meters, told } = metered();
  const working = meters.timed('mesh', () => clock.sleep(70).then(() => 'done'));
  await clock.advance(70);
  expect(await working).toBe('done');
  await expect(meters.timed('mesh', () => Promise.reject(new Error('no kernel')))).rejects.toThrow('no kernel');
  expect(await told('wgcni_reconcile_duration_seconds_sum')).toEqual([
    'wgcni_reconcile_duration_seconds_sum{reconciler="mesh",outcome="ok"} 0.07',
    'wgcni_reconcile_duration_seconds_sum{reconciler="mesh",outcome="failed"} 0',
  ]);
  const bucket = (le: string): string =>
    `wgcni_reconcile_duration_seconds_bucket{le="${le}",reconciler="mesh",outcome="ok"}`;
  expect(await told('wgcni_reconcile_duration_seconds_bucket')).toEqual(
    expect.arrayContaining([`${bucket('0.05')} 0`, `${bucket('0.1')} 1`, `${bucket('+Inf')} 1`]),
  );
});

it('counts differences and restarts, and tells 0 where there was none yet', async () => {
  const { meters, told } = metered();
  meters.differed('pods', 3);
  meters.differed('pods', 0);
  meters.differed('host', 1);
  meters.restarted('mesh');
  const differences = 'wgcni_reconcile_differences_total';
  expect(await told(differences)).toEqual(
    ['mesh"} 0', 'pods"} 3', 'direct"} 0', 'host"} 1'].map((end) => `${differences}{reconciler="${end}`),
  );
  expect(await told('wgcni_userspace_restarts_total')).toContain('wgcni_userspace_restarts_total{device="mesh"} 1');
});

it('times what the plugin asks for by verb and outcome, and nothing else', async () => {
  const { meters, told } = metered();
  const answer = (operation: string, status: number, isCut = false): void =>
    meters.answered({ operation, status, isCut, ms: 5 });
  answer('attach', 200);
  answer('attach', 503);
  answer('attach', 200, true);
  answer('detach', 204);
  answer('checkAttachment', 409);
  answer('collectAttachments', 200);
  answer('getStatus', 200);
  const counts = await told('wgcni_cni_request_duration_seconds_count');
  expect(counts.map((line) => line.replace(/.*operation="(.*)",outcome="(.*)"} (.*)/, '$1 $2 $3'))).toEqual([
    ...['add ok 1', 'add failed 1', 'add cut 1', 'del ok 1', 'check refused 1', 'gc ok 1'],
  ]);
});
