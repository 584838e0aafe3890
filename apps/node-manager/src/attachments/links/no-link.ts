/** Addresses alone, as a delegated IPAM gives them: somebody else makes the interface, and there is nothing to build or remove. */
import { isAddressThere } from '../alive.ts';
import type { Link } from './link.ts';

export const noLink: Link = {
  takePort: () => 0,
  build: async () => null,
  removeDevice: async () => {},
  removeNodeSide: async () => {},
  removeUnrecorded: async () => {},
  isThere: isAddressThere,
  isAlive: isAddressThere,
  hasProcess: () => false,
  faults: async () => [],
  setMtu: async () => {},
  findAdopted: async () => undefined,
};
