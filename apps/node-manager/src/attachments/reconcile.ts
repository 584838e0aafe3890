/** Keeps the node's side equal to the view and the records, and the containers' MTU equal to the network's. */
import { messageOf } from '@wgcni/base';
import type { NodeView } from '../node-view.ts';
import { type Core, desiredPods } from './core.ts';
import { isDeviceThere } from './found-device.ts';
import { adopt } from './recognise.ts';
import { type AttachmentRecord, keyOf, keyText } from './record.ts';

/** Takes a new view: what it no longer grants is withdrawn from the kernel, nothing is renumbered, and nothing waits for an attachment's lock. */
export async function takeView(core: Core, view: NodeView): Promise<void> {
  const holders = [...core.register.all(), ...core.joined.all()];
  core.ledger.hold(
    view.grants.map(({ cidr }) => cidr),
    holders.flatMap(({ addresses }) => addresses),
  );
  core.view = view;
  await reconcile(core);
}

/** Makes the pods device right by delta and adopts peers without a record; nothing before the first view. */
export async function reconcile(core: Core): Promise<void> {
  if (core.view === undefined) return;
  core.isUnsettled = true;
  const unknown = await core.pods.reconcile(core.view, () => desiredPods(core));
  for (const peer of unknown) await adopt(core, peer);
  core.isUnsettled = false;
  core.isAccounted = true;
}

/** Writes the network's MTU to the containers' devices that have another; each may have to wait for an ADD or DEL of its attachment. */
export async function alignMtu(core: Core): Promise<void> {
  const mtu = core.view?.mtu;
  if (mtu === undefined) return;
  const hasDevice = ({ netns, state, addressesOnly }: AttachmentRecord): boolean =>
    netns !== '' && state !== 'reserved' && addressesOnly !== true;
  const differing = core.register.all().filter((one) => one.mtu !== mtu && hasDevice(one));
  for (const record of differing) await core.locks.run(keyText(record), () => writeMtu(core, record, mtu));
}

async function writeMtu(core: Core, seen: AttachmentRecord, mtu: number): Promise<void> {
  const record = core.register.get(seen);
  if (record === undefined || core.register.isLeaving(record)) return;
  try {
    if (!(await isDeviceThere(core, record))) return;
    await core.deps.iproute.apply([{ kind: 'set-link', name: record.ifName, mtu }], record.netns);
    await core.register.put({ ...record, mtu });
  } catch (error) {
    core.deps.log.warn({ ...keyOf(record), mtu, error: messageOf(error) }, 'attachment.mtu-failed');
  }
}
