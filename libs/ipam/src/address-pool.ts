/** The addresses of one subnet: constant-time allocation, whatever the size of the subnet. */
import { formatAddress, type Address } from './address.ts';
import { containsAddress, formatCidr, gatewayOf, lastOf, sizeOf, type Cidr } from './cidr.ts';
import { LongestUnused } from './longest-unused.ts';

export type Allocation =
  | { kind: 'given'; address: Address }
  | { kind: 'exhausted' }
  | { kind: 'taken'; address: Address }
  /** Not an address of this subnet. */
  | { kind: 'outside'; address: Address }
  /** The network address, the broadcast address or the gateway. */
  | { kind: 'reserved'; address: Address };

/** The longest subnets that still have an address to give: /30 and /126. */
const longestSubnet = { 4: 30, 6: 126 } as const;

export class AddressPool {
  readonly subnet: Cidr;
  readonly gateway: Address;
  readonly #indexes: LongestUnused;

  /** Throws RangeError for a subnet longer than /30 or /126. */
  constructor(subnet: Cidr) {
    if (subnet.length > longestSubnet[subnet.family]) {
      throw new RangeError(`subnet ${formatCidr(subnet)} is too small to hold a gateway and an address`);
    }
    this.subnet = subnet;
    this.gateway = gatewayOf(subnet);
    // IPv6 has no broadcast; its first address is the subnet-router anycast address (RFC 4291 §2.6.1).
    const reserved = subnet.family === 4 ? 3n : 2n;
    this.#indexes = new LongestUnused(sizeOf(subnet), reserved, (index) => this.#isReserved(subnet.base + index));
  }

  get takenCount(): number {
    return this.#indexes.takenCount;
  }

  get freeCount(): bigint {
    return this.#indexes.freeCount;
  }

  isTaken(address: Address): boolean {
    return containsAddress(this.subnet, address) && this.#indexes.isTaken(address.value - this.subnet.base);
  }

  /** The longest unused address: never used ones in order, then freed ones, oldest first. */
  allocate(): Allocation {
    const index = this.#indexes.take();
    return index === undefined ? { kind: 'exhausted' } : { kind: 'given', address: this.#at(index) };
  }

  /** This very address, at once when it is free, however recently it was freed. */
  request(address: Address): Allocation {
    if (!containsAddress(this.subnet, address)) return { kind: 'outside', address };
    if (this.#isReserved(address.value)) return { kind: 'reserved', address };
    return { kind: this.#indexes.takeExactly(address.value - this.subnet.base) ? 'given' : 'taken', address };
  }

  /** Gives an address back, to be reused after every other free one; false when it was not taken. */
  release(address: Address): boolean {
    return containsAddress(this.subnet, address) && this.#indexes.giveBack(address.value - this.subnet.base);
  }

  toString(): string {
    return `${formatCidr(this.subnet)}, ${this.takenCount} taken, gateway ${formatAddress(this.gateway)}`;
  }

  #at(index: bigint): Address {
    return { family: this.subnet.family, value: this.subnet.base + index };
  }

  #isReserved(value: bigint): boolean {
    const { base, family } = this.subnet;
    return value === base || value === base + 1n || (family === 4 && value === lastOf(this.subnet));
  }
}
