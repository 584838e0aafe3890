/** Which attachments are direct peers of others. */
import { systemKeys } from '@wgcni/wg';
import { expect, it } from 'vitest';
import type { AttachmentRecord } from '../attachments/record.ts';
import { directDeviceOf } from './direct-device.ts';

const { publicKey } = systemKeys.generate();
const record: AttachmentRecord = {
  ...{ schema: 1, network: 'mesh', containerId: 'c1', ifName: 'eth0', state: 'answered', netns: '/run/netns/c1' },
  ...{ netnsId: '4:1', port: 61_005, publicKey, mtu: 1_420, bootId: 'boot', recordedAt: '', uptimeMs: 0 },
  addresses: [
    { address: '10.64.3.2', gateway: '10.64.3.1' },
    { address: 'fd64::2', gateway: 'fd64::1' },
  ],
};
const whole = { isLeaving: false, isOrphaned: false };

it('is known to the others on loopback, by its port, with exactly its own addresses', () => {
  for (const state of ['attached', 'answered'] as const)
    expect(directDeviceOf('n1', { ...record, state }, whole)).toMatchObject({
      ...{ publicKey, isPeer: true, endpoint: '127.0.0.1:61005', allowedIps: ['10.64.3.2/32', 'fd64::2/128'] },
      ref: { name: 'eth0', netns: '/run/netns/c1' },
    });
});

it.each<[string, Partial<AttachmentRecord>]>([
  ['is being made', { state: 'reserved' }],
  ['was adopted', { state: 'adopted', netns: '' }],
  ['was adopted from elsewhere', { state: 'answered', port: 0 }],
  ['nobody knows the place of', { netns: '' }],
  ['has addresses alone', { addressesOnly: true, publicKey: null, port: 0 }],
  ['has a veth', { link: 'veth', publicKey: null, port: 0 }],
  ['is being made anew', { state: 'attached', reviving: true }],
])('is nobody who %s', (_, change) => {
  expect(directDeviceOf('n1', { ...record, ...change }, whole)).toBeUndefined();
});

it('is nobody who leaves, and who lost its subnet only gives up what it has', () => {
  expect(directDeviceOf('n1', record, { ...whole, isLeaving: true })).toBeUndefined();
  expect(directDeviceOf('n1', record, { ...whole, isOrphaned: true })).toMatchObject({ isPeer: false });
});
