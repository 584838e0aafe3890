/** What a person is told when a node does not get its subnets. */
import { CatalogueError } from '@wgcni/base';
import { formatCidr } from './cidr.ts';
import type { Shortage } from './grant.ts';

/** The shortage as a CatalogueError with the code that the API answers, the value and the remedy. */
export function shortageError(shortage: Shortage): CatalogueError {
  switch (shortage.kind) {
    case 'exhausted':
      return new CatalogueError('pool.exhausted', `no ${namesOf(shortage.families)} pool has a free subnet`, {
        field: 'pools',
        remedy: 'grow the network by another pool, or delete nodes that are gone',
      });
    case 'recovering':
      return new CatalogueError(
        'cluster.recovering',
        `no new ${namesOf(shortage.families)} subnet is granted while nodes still claim what the store has lost`,
        { remedy: 'try again after three registration TTLs' },
      );
    case 'foreign':
      return new CatalogueError(
        'network.mismatch',
        `the held subnet ${formatCidr(shortage.grant.cidr)} is of no pool`,
        {
          field: 'held',
          remedy: 'grow the network by the pool that the subnet was cut from',
        },
      );
    case 'undecided':
      return new CatalogueError(
        'store.conflict',
        `who holds the subnet ${formatCidr(shortage.grant.cidr)} cannot be told yet`,
        { field: 'held', remedy: 'try again; if it goes on, look for a quarantined record of the subnet' },
      );
    case 'quota':
      return new CatalogueError(
        'pool.quota',
        `with what it claims the node would have ${shortage.wanted} subnets, of ${shortage.most} that one may have`,
        { field: 'held', remedy: 'claim only what containers of this node use' },
      );
  }
}

function namesOf(families: readonly number[]): string {
  return families.map((family) => `IPv${family}`).join(' or ');
}
