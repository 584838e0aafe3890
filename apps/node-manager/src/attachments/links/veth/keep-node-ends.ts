/** Keeps the node's ends of veths equal to the view and the records, and adopts those that no record names. */
import { type Core, viewOf } from '../../core.ts';
import { adoptedRecord } from '../../adopted-record.ts';
import { type NodeEndsDesired, planNodeEnds } from './plan-node-ends.ts';
import { nodeEndOf } from './veth-names.ts';

/** One look, where there are veths or may be some. */
export async function keepNodeEnds(core: Core): Promise<void> {
  const hasVeths = viewOf(core).link === 'veth' || core.register.all().some(({ link }) => link === 'veth');
  if (!core.hasUnknownEnds && !hasVeths) return;
  const unknown = await core.nodeEnds.run(async () => {
    // ORDER: observed is read before desired, so the end of an ADD in flight is always known.
    const state = await core.deps.iproute.observe(undefined);
    const { changes, adopt } = planNodeEnds(desiredNodeEnds(core), state);
    if (changes.length > 0) {
      await core.deps.iproute.apply(changes, undefined);
      core.deps.log.info({ changes: changes.map(({ kind }) => kind) }, 'veths.changed');
    }
    return adopt;
  });
  let left = false;
  for (const { name, addresses } of unknown) left = !(await isAdopted(core, name, addresses)) || left;
  core.hasUnknownEnds = left;
}

function desiredNodeEnds(core: Core): NodeEndsDesired {
  const veths = core.register.all().filter(({ link }) => link === 'veth');
  const nameOf = (record: (typeof veths)[number]): string => nodeEndOf(core.deps.nodeId, record);
  const isLeaving = (record: (typeof veths)[number]): boolean => core.register.isLeaving(record);
  return {
    ends: veths
      .filter((record) => !isLeaving(record))
      .map((record) => ({
        name: nameOf(record),
        addresses: record.addresses.filter(({ address }) => core.ledger.isHeld(address)),
        isBeingMade: record.state === 'reserved',
      })),
    leaving: new Set(veths.filter(isLeaving).map(nameOf)),
  };
}

/** Its addresses are not given twice (design §4.7); a runtime that says its key gives it its name back. */
async function isAdopted(core: Core, name: string, found: readonly string[]): Promise<boolean> {
  const addresses = found.filter((address) => core.ledger.occupy(address));
  const fields = { link: name, addresses };
  if (addresses.length === 0) {
    core.deps.log.warn(fields, 'veth.unaccounted');
    return false;
  }
  await core.register.put({ ...adoptedRecord(core, name, addresses), link: 'veth', port: 0, publicKey: null });
  core.deps.log.warn(fields, 'attachment.adopted');
  return true;
}
