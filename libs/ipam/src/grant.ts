/** A node's right to a subnet, and what the store says of a subnet: the words of the grant rules. */
import type { Family } from './address.ts';
import type { Cidr } from './cidr.ts';

export interface Grant {
  cidr: Cidr;
  /** Random, 128 bits; chosen before the transaction that writes it. */
  grantId: string;
}

/** What stands under a subnet's key; no key, free. */
export interface SubnetHolding extends Grant {
  nodeId: string;
  /** `held`; `reserved`: its node was deleted and has not yet evacuated; `released`: resting before it is granted again. */
  state: 'held' | 'reserved' | 'released';
}

export interface PlannedGrant extends Grant {
  /** `kept`: the store has it already; `recreated`: the node claims it and no one else has it; `cut`: new. */
  origin: 'kept' | 'recreated' | 'cut';
}

/** A claim that the node must evacuate. */
export interface LostGrant extends Grant {
  /** The node that the store granted the subnet to since. */
  holder: string;
}

/** Why a node did not get all that it asked for. */
export type Shortage =
  /** No pool of these families has a free subnet. */
  | { kind: 'exhausted'; families: readonly Family[] }
  /** Nodes are still claiming what the store has lost, so nothing new is cut for these families. */
  | { kind: 'recovering'; families: readonly Family[] }
  /** A claimed subnet is of no pool: the network has lost the pool that it was cut from. */
  | { kind: 'foreign'; grant: Grant }
  /** A claimed subnet is taken by a grant that is being written or cannot be read: who holds it is not known yet. */
  | { kind: 'undecided'; grant: Grant }
  /** With what it claims the node would have more subnets than one may. */
  | { kind: 'quota'; wanted: number; most: number };
