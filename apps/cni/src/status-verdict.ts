/** What STATUS says of a node: its answer stops runtimes from using the node, so only what would fail an ADD now fails it. */
import type { NodeStatus } from '@wgcni/api';
import { CatalogueError } from '@wgcni/base';

export interface Verdict {
  /** Code 50 when an ADD would fail now, 51 when running attachments are cut off. */
  error?: CatalogueError;
  /** What an operator should know although the node can be used. */
  warnings: string[];
}

/** The part of a node's status that decides. */
export type JudgedStatus = Pick<NodeStatus, 'readiness' | 'reason' | 'isViewStored' | 'attachments' | 'addresses'>;

/** SPEC: CNI 1.1 STATUS, codes 50 and 51. With `isStrict` an exhausted pool is 50 and a stored view 51 instead of a warning. */
export function judgeStatus(status: JudgedStatus, isStrict: boolean): Verdict {
  const { readiness, reason, attachments } = status;
  if (readiness !== 'ready') {
    return failed('node.unavailable', `this node is not ready (${readiness})`, reason ?? 'look at wgcni status');
  }
  if (attachments.orphaned > 0) {
    const remedy = 'delete these containers, or give the node its subnets back';
    return failed('node.limited', `${attachments.orphaned} attachments are orphaned: their subnet was lost`, remedy);
  }
  const exhausted = exhaustedFamily(status.addresses);
  const pool = exhausted === undefined ? [] : [`no ${exhausted} address is free on this node`];
  const view = status.isViewStored ? ['the node works from its stored view: the store has not been read yet'] : [];
  if (isStrict && pool[0] !== undefined)
    return failed('node.unavailable', pool[0], 'delete containers, or grow the pool');
  if (isStrict && view[0] !== undefined)
    return failed('node.limited', view[0], 'look at the cluster-managers and etcd');
  return { warnings: [...pool, ...view] };
}

/** The family of which every subnet is full; an ADD needs an address of each. */
function exhaustedFamily(addresses: JudgedStatus['addresses']): 'IPv4' | 'IPv6' | undefined {
  const isExhausted = (isOfFamily: (subnet: string) => boolean): boolean => {
    const family = addresses.filter(({ subnet }) => isOfFamily(subnet));
    return family.length > 0 && family.every(({ free }) => free === '0');
  };
  if (isExhausted((subnet) => !subnet.includes(':'))) return 'IPv4';
  return isExhausted((subnet) => subnet.includes(':')) ? 'IPv6' : undefined;
}

function failed(code: 'node.unavailable' | 'node.limited', message: string, remedy: string): Verdict {
  return { error: new CatalogueError(code, message, { remedy }), warnings: [] };
}
