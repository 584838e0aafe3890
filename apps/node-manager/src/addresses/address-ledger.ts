/** Which addresses of the held subnets are taken; one of each family is given at a time, all or none. */
import { CatalogueError } from '@wgcni/base';
import {
  type Address,
  AddressPool,
  type Cidr,
  containsAddress,
  type Family,
  formatAddress,
  formatCidr,
  sameCidr,
  tryParseAddress,
  tryParseCidr,
} from '@wgcni/ipam';

/** Canonical text without prefix length, and the subnet's gateway. */
export interface GivenAddress {
  address: string;
  gateway: string;
}

export class AddressLedger {
  #pools: AddressPool[] = [];

  /** Takes the subnets that the node holds from now on, with what is taken in them; a subnet it held already goes on. */
  hold(cidrs: readonly Cidr[], taken: readonly GivenAddress[]): void {
    const held = this.#pools;
    this.#pools = cidrs.map((cidr) => held.find(({ subnet }) => sameCidr(subnet, cidr)) ?? new AddressPool(cidr));
    for (const { address } of taken) this.occupy(address);
  }

  /** Whether an address is of a subnet that the node holds. */
  isHeld(text: string): boolean {
    return this.#poolOf(text) !== undefined;
  }

  /** The gateway of an address's subnet; undefined when the node does not hold it. */
  gatewayOf(text: string): string | undefined {
    const pool = this.#poolOf(text);
    return pool === undefined ? undefined : formatAddress(pool.gateway);
  }

  /** The address with its subnet's prefix length; undefined when the node does not hold it. */
  inSubnet(text: string): string | undefined {
    const pool = this.#poolOf(text);
    return pool === undefined ? undefined : `${text}/${pool.subnet.length}`;
  }

  /** Marks an address as taken by someone who has it; false when the node does not hold it or it is taken already. */
  occupy(text: string): boolean {
    const address = tryParseAddress(text);
    return address !== undefined && this.#poolOf(text)?.request(address).kind === 'given';
  }

  /**
   * Takes one address of each family that the node holds, those of `requested` where it names one.
   * Throws CatalogueError `address.unavailable`, `pool.exhausted`, `request.invalid`; then none is taken.
   */
  take(requested: readonly string[]): GivenAddress[] {
    const wanted = wishesOf(requested);
    const families = ([4, 6] as const).filter((family) => this.#pools.some(({ subnet }) => subnet.family === family));
    if (families.length === 0) throw noSubnet();
    const given: string[] = [];
    try {
      for (const wish of wanted.values()) given.push(this.#takeWish(wish));
      for (const family of families.filter((one) => !wanted.has(one))) given.push(this.#takeNext(family));
    } catch (error) {
      this.free(given);
      throw error;
    }
    return given.map((address) => ({ address, gateway: this.gatewayOf(address) ?? '' })).sort(byFamily);
  }

  /** Gives addresses back, to the end of the queue of free ones; what is not taken or not held is fine. */
  free(texts: readonly string[]): void {
    for (const text of texts) {
      const address = tryParseAddress(text);
      if (address !== undefined) this.#poolOf(text)?.release(address);
    }
  }

  /** How full each subnet is; `free` in decimal. */
  use(): { subnet: string; taken: number; free: string }[] {
    return this.#pools.map(({ subnet, takenCount, freeCount }) => {
      return { subnet: formatCidr(subnet), taken: takenCount, free: String(freeCount) };
    });
  }

  #poolOf(text: string): AddressPool | undefined {
    const address = tryParseAddress(text);
    return address === undefined ? undefined : this.#pools.find(({ subnet }) => containsAddress(subnet, address));
  }

  #takeWish(address: Address): string {
    const text = formatAddress(address);
    const outcome = this.#poolOf(text)?.request(address).kind ?? 'outside';
    if (outcome === 'given') return text;
    const held = this.#pools.map(({ subnet }) => formatCidr(subnet)).join(', ');
    const causes = {
      outside: `is not of this node's subnets (${held})`,
      reserved: "is its subnet's network, broadcast or gateway address",
      taken: 'is taken',
      exhausted: 'is taken',
    };
    throw new CatalogueError('address.unavailable', `the requested address ${text} ${causes[outcome]}`, {
      field: 'requestedIps',
      remedy: `ask for a free address of ${held}, or for none`,
    });
  }

  #takeNext(family: Family): string {
    const pools = this.#pools.filter(({ subnet }) => subnet.family === family);
    for (const pool of pools) {
      const allocation = pool.allocate();
      if (allocation.kind === 'given') return formatAddress(allocation.address);
    }
    const subnets = pools.map(({ subnet }) => formatCidr(subnet)).join(', ');
    throw new CatalogueError('pool.exhausted', `every address of ${subnets} is taken`, {
      remedy: 'remove containers from this node, or use a network whose subnets are larger',
    });
  }
}

function byFamily(one: GivenAddress, other: GivenAddress): number {
  return Number(one.address.includes(':')) - Number(other.address.includes(':'));
}

function noSubnet(): CatalogueError {
  return new CatalogueError('node.unavailable', 'this node holds no subnet', {
    remedy: 'wait until a cluster-manager has granted it one',
  });
}

/** The requested address of each family; a prefix length is accepted, as runtimes write one. */
function wishesOf(requested: readonly string[]): Map<Family, Address> {
  const wishes = new Map<Family, Address>();
  for (const text of requested) {
    const address = parseWish(text);
    const other = wishes.get(address.family);
    if (other !== undefined && other.value !== address.value)
      throw invalidWish(text, `is a second IPv${address.family} address`);
    wishes.set(address.family, address);
  }
  return wishes;
}

function parseWish(text: string): Address {
  const [bare = '', length, ...rest] = text.split('/');
  const address = tryParseAddress(bare);
  const isLengthFit =
    length === undefined || tryParseCidr(`${address?.family === 6 ? '::' : '0.0.0.0'}/${length}`) !== undefined;
  if (address !== undefined && isLengthFit && rest.length === 0) return address;
  throw invalidWish(text, 'is not an IP address');
}

function invalidWish(text: string, cause: string): CatalogueError {
  return new CatalogueError('request.invalid', `the requested address "${text}" ${cause}`, {
    field: 'requestedIps',
    remedy: 'ask for at most one address of each family, like 10.64.3.9 or fd64::9/128',
  });
}
