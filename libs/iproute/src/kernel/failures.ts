/** The failures of the ports, in words that name the value and what to do. */
import { CatalogueError } from '@wgcni/base';
import type { KernelChange, NetnsPath } from '../port.ts';
import { changeLine } from './change-line.ts';

/** CatalogueError `netns.unusable` for a path that is no network namespace. */
export function netnsUnusable(path: string, why: string, cause?: unknown): CatalogueError {
  return new CatalogueError('netns.unusable', `"${path}" is not a usable network namespace: ${why}`, {
    field: 'netns',
    remedy:
      'give the path of a bound network namespace (/var/run/netns/<name> or /proc/<pid>/ns/net) that still exists',
    cause,
  });
}

/** CatalogueError `kernel.refused` naming the change and the kernel's reason. */
export function refused(change: KernelChange, reason: string, cause?: unknown): CatalogueError {
  return new CatalogueError('kernel.refused', `the kernel refused "ip ${changeLine(change)}": ${reason}`, {
    remedy: 'see whether something else manages this link or route, and whether the process has CAP_NET_ADMIN',
    cause,
  });
}

/** CatalogueError `kernel.refused` for a look at a namespace that did not show everything in it. */
export function unreadable(netns: NetnsPath, reason: string): CatalogueError {
  const where = netns ?? "the node-manager's own namespace";
  return new CatalogueError('kernel.refused', `links, addresses and routes of ${where} could not be read: ${reason}`, {
    remedy: 'see whether "ip address" and "ip route" work there, and what changes them all the time',
  });
}
