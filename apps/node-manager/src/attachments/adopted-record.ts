/** The record of what was found in the kernel without one: what every such record says, whatever joins the container. */
import { type Core, viewOf } from './core.ts';
import type { AttachmentRecord } from './record.ts';

/** Network name under which what has no record is listed. */
const adoptedNetwork = 'adopted';

/** A record called `containerId` until a runtime says the attachment's key; `addresses` are of subnets that the node holds. */
export function adoptedRecord(
  core: Core,
  containerId: string,
  addresses: readonly string[],
): Omit<AttachmentRecord, 'port' | 'publicKey'> {
  return {
    schema: 1,
    network: adoptedNetwork,
    containerId,
    ifName: 'unknown',
    state: 'adopted',
    netns: '',
    netnsId: '',
    addresses: addresses.map((address) => ({ address, gateway: core.ledger.gatewayOf(address) ?? '' })),
    mtu: viewOf(core).mtu,
    // Nobody knows when it was made: a queued deletion of it is younger, whatever its instant (decision 0001, N5).
    recordedAt: new Date(0).toISOString(),
    uptimeMs: 0,
    bootId: core.bootId,
  };
}
