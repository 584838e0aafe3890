/** PURE: which of a node's routes are in effect: what it offers and an operator approved (decision 0008). */
import type { NodeRecord } from '@wgcni/store';

export function routesInEffect({ offers = [], routes = [] }: Pick<NodeRecord, 'offers' | 'routes'>): string[] {
  return offers.filter((route) => routes.includes(route));
}
