/** Looks for an attachment's device in its namespace; a namespace that is gone holds none. */
import { CatalogueError } from '@wgcni/base';
import type { DeviceRef, DeviceState } from '@wgcni/wg';
import type { Core } from './core.ts';
import { deviceOf, isDeviceOf } from './container-device.ts';
import type { AttachmentRecord } from './record.ts';

/** What the device holds, or undefined when it, its process or its namespace is gone. */
export async function findDevice(core: Core, ref: DeviceRef): Promise<DeviceState | undefined> {
  return orGone(core.deps.devices.observe(ref));
}

/** Whether the record's own device is there, found in its namespace with its public key. */
export async function isDeviceThere(core: Core, record: AttachmentRecord): Promise<boolean> {
  if (record.netns === '') return false;
  const state = await findDevice(core, deviceOf(core.deps.nodeId, record));
  return state !== undefined && isDeviceOf(record, state, core.pods.publicKey);
}

/** The same promise, with a namespace that cannot be entered as undefined. */
export async function orGone<T>(found: Promise<T>): Promise<T | undefined> {
  return found.catch((error: unknown) => {
    if (error instanceof CatalogueError && error.code === 'netns.unusable') return undefined;
    throw error;
  });
}
