/** Builds the shared state from what is on disk: every recorded address and port is taken before anything is given. */
import { privateDirectory, SerialQueue } from '@wgcni/base';
import { join } from 'node:path';
import { AddressLedger } from '../addresses/address-ledger.ts';
import { HeldBack } from '../addresses/held-back.ts';
import { parseJoined } from '../addresses/joined-record.ts';
import { JoinedRegister } from '../addresses/joined-register.ts';
import { PodsDevice, podsRef } from '../pods/pods-device.ts';
import { Pulse } from '../pulse.ts';
import { AttachmentRegister } from './attachment-register.ts';
import { ContainerPorts } from './container-port.ts';
import type { Core } from './core.ts';
import type { AttachmentsDeps } from './deps.ts';
import { KeyLocks } from './key-locks.ts';
import { parseRecord } from './record.ts';
import { RecordDirectory } from './record-directory.ts';

export interface OpenedCore {
  core: Core;
  /** Paths of record files that could not be read; their peers are adopted from the device. */
  quarantined: string[];
}

/** Reads the records under the data directory; touches nothing else. */
export async function openCore(deps: AttachmentsDeps): Promise<OpenedCore> {
  await privateDirectory(deps.dataDir);
  const records = new RecordDirectory(join(deps.dataDir, 'attachments'), parseRecord);
  const register = new AttachmentRegister(records, () => deps.neighbours?.changed());
  const joined = new JoinedRegister(new RecordDirectory(join(deps.dataDir, 'addresses'), parseJoined), deps.clock);
  const quarantined = [...(await register.load()), ...(await joined.load())];
  for (const path of quarantined) deps.log.error({ path }, 'record.quarantined');
  const ports = new ContainerPorts(deps.containerPorts);
  for (const { port } of register.all()) ports.occupy(port);
  const core: Core = {
    deps,
    register,
    joined,
    ports,
    ledger: new AddressLedger(),
    heldBack: new HeldBack(),
    locks: new KeyLocks(),
    pods: new PodsDevice(deps, podsRef(deps.nodeId), deps.podsKey, deps.podPort),
    nodeEnds: new SerialQueue(),
    hasUnknownEnds: true,
    bootId: await deps.readBootId(),
    settleQueued: async () => {},
    isUnsettled: false,
    isAccounted: false,
    mtuFalls: new Pulse(),
    mtuFaults: new Map(),
    view: undefined,
  };
  return { core, quarantined };
}
