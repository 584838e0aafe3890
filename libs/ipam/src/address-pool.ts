/** The addresses of one subnet: constant-time allocation, whatever the size of the subnet. */
import { formatAddress, type Address } from './address.ts';
import { containsAddress, formatCidr, gatewayOf, sizeOf, type Cidr } from './cidr.ts';
import { LongestUnused } from './longest-unused.ts';
import type { Range } from './ranges.ts';

export type Allocation =
  | { kind: 'given'; address: Address }
  | { kind: 'exhausted' }
  | { kind: 'taken'; address: Address }
  /** Not an address of this subnet. */
  | { kind: 'outside'; address: Address }
  /** The network address, the broadcast address or the gateway. */
  | { kind: 'reserved'; address: Address };

/** The longest subnets that still have an address to give beside the gateway. */
export const longestSubnet = { 4: 30, 6: 126 } as const;

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
    this.#indexes = new LongestUnused(sizeOf(subnet), reservedIn(subnet));
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
    const index = address.value - this.subnet.base;
    if (this.#indexes.isReserved(index)) return { kind: 'reserved', address };
    return { kind: this.#indexes.takeExactly(index) ? 'given' : 'taken', address };
  }

  /**
   * Marks an address as taken by someone who has it already, at a restart: a repeat is fine. False when no one can have it,
   * because it is reserved or of another subnet.
   */
  adopt(address: Address): boolean {
    const { kind } = this.request(address);
    return kind === 'given' || kind === 'taken';
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
}

/** Network address and gateway; the broadcast address too, which IPv6 has not: its first is subnet-router anycast (RFC 4291 §2.6.1). */
function reservedIn(subnet: Cidr): Range[] {
  const broadcast = sizeOf(subnet) - 1n;
  const head: Range = { first: 0n, last: 1n };
  return subnet.family === 4 ? [head, { first: broadcast, last: broadcast }] : [head];
}
