/** What a simulated node keeps through a restart, and whether it may give out addresses by it. */
import type { Grant } from '@wgcni/api';
import { randomId } from '@wgcni/base';
import type { SeededRandom } from './seeded-random.ts';

export interface NodeDisk {
  nodeId: string;
  instance: string;
  publicKey: string;
  networkId: string | undefined;
  holdDownMs: number;
  grants: Grant[];
  /** Not used any more, and not yet told. */
  leaving: Grant[];
  meshRevision: number;
  /** True time at which the last renewal answered as valid was sent; undefined: fenced. */
  contactMs: number | undefined;
  isDeleted: boolean;
}

/** A data directory that was just made. */
export function emptyDisk(nodeId: string, random: SeededRandom): NodeDisk {
  return {
    nodeId,
    instance: randomId(random),
    publicKey: Buffer.from(random.bytes(32)).toString('base64'),
    networkId: undefined,
    holdDownMs: 0,
    grants: [],
    leaving: [],
    meshRevision: 0,
    contactMs: undefined,
    isDeleted: false,
  };
}

/** The grants from which addresses may be given at this instant: none after two thirds of the hold-down without contact (design §4.11). */
export function usableGrants({ grants, contactMs, holdDownMs, isDeleted }: NodeDisk, nowMs: number): readonly Grant[] {
  const isFenced = contactMs === undefined || (nowMs - contactMs) * 3 >= holdDownMs * 2;
  return isFenced || isDeleted ? [] : grants;
}
