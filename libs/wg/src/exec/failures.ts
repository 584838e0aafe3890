/** Failures of device adapters, in words that name the device and what to do. */
import { CatalogueError } from '@wgcni/base';
import type { DeviceRef } from '../port.ts';

/** CatalogueError `interface.exists` naming the link and where it is. */
export function interfaceExists(ref: DeviceRef): CatalogueError {
  return new CatalogueError('interface.exists', `there is a link named "${ref.name}" in ${placeOf(ref)} already`, {
    field: 'name',
    remedy: 'remove that link, or give the interface another name',
  });
}

/** CatalogueError `kernel.refused` naming the device and the reason. */
export function deviceRefused(ref: DeviceRef, reason: string): CatalogueError {
  return new CatalogueError('kernel.refused', `WireGuard device "${ref.name}" in ${placeOf(ref)}: ${reason}`, {
    remedy: 'see whether the process has CAP_NET_ADMIN, and what `ip link` shows there',
  });
}

/** Whether an error says that a namespace is gone. */
export function isNetnsGone(error: unknown): boolean {
  return error instanceof CatalogueError && error.code === 'netns.unusable';
}

function placeOf(ref: DeviceRef): string {
  return ref.netns ?? "the node's namespace";
}
