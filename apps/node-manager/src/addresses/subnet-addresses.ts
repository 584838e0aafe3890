/** The free and taken addresses of one held subnet. */
import { type Address, type Cidr, containsAddress, gatewayOf, lastOf, sizeOf } from '@wgcni/ipam';

export class SubnetAddresses {
  readonly cidr: Cidr;
  readonly #taken = new Set<bigint>();
  readonly #freed = new Set<bigint>();
  #fresh: bigint;

  constructor(cidr: Cidr) {
    this.cidr = cidr;
    this.#fresh = cidr.base;
  }

  get taken(): number {
    return this.#taken.size;
  }

  /** How many addresses can still be given: all but network, broadcast and gateway. */
  get available(): bigint {
    return sizeOf(this.cidr) - (this.cidr.family === 4 ? 3n : 2n) - BigInt(this.#taken.size);
  }

  /** Takes exactly this address; false when it is taken or reserved. */
  take({ family, value }: Address): boolean {
    if (!this.#isUsable({ family, value }) || this.#taken.has(value)) return false;
    this.#freed.delete(value);
    this.#taken.add(value);
    return true;
  }

  /** Takes a fresh address, else the one that was freed first; undefined when none is left. */
  next(): Address | undefined {
    const { family } = this.cidr;
    for (; this.#fresh <= lastOf(this.cidr); this.#fresh += 1n) {
      const isFreed = this.#freed.has(this.#fresh);
      if (!isFreed && this.take({ family, value: this.#fresh })) return { family, value: this.#fresh };
    }
    const [oldest] = this.#freed;
    if (oldest === undefined) return undefined;
    this.take({ family, value: oldest });
    return { family, value: oldest };
  }

  /** Gives an address back, behind those freed before; one that is not taken is fine. */
  free({ value }: Address): void {
    if (this.#taken.delete(value)) this.#freed.add(value);
  }

  #isUsable(address: Address): boolean {
    const isBroadcast = this.cidr.family === 4 && address.value === lastOf(this.cidr);
    const isReserved = address.value === this.cidr.base || address.value === gatewayOf(this.cidr).value;
    return containsAddress(this.cidr, address) && !isReserved && !isBroadcast;
  }
}
