/** Whether a block shares an address with any of others. */
import { overlaps, type Cidr } from './cidr.ts';

/** The first of `others` that shares an address with `cidr`, such as an address or route of the host with a grant; or undefined. */
export function findOverlap<T extends Cidr>(cidr: Cidr, others: readonly T[]): T | undefined {
  return others.find((other) => overlaps(cidr, other));
}
