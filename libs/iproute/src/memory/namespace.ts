/** One network namespace in memory: what a link, address or route change does to it, as the kernel would. */
import { widthOf, cidrOf, formatCidr, tryParseAddress } from '@wgcni/ipam';
import { isRoute, metricOf } from '../kernel/satisfied.ts';
import { routeProtocol } from '../port.ts';
import type { AddressState, KernelChange, KernelState, LinkState, RouteInput, RouteState } from '../port.ts';

type Change<Kind extends KernelChange['kind']> = Extract<KernelChange, { kind: Kind }>;

/** What the kernel protocol number of connected routes is. */
const kernelProtocol = 2;
/** RT_TABLE_MAIN (linux/rtnetlink.h). */
const mainTable = 254;

export class MemoryNamespace {
  readonly identity: string;
  links: LinkState[] = [];
  /** Fixed MACs of neighbours, by link and address; no port shows them. */
  readonly neighbours = new Map<string, string>();
  #addresses: AddressState[] = [];
  #routes: RouteState[] = [];

  constructor(identity: string) {
    this.identity = identity;
  }

  /** A copy, so that what was read does not change under the reader. */
  observe(): KernelState {
    const isMain = ({ table }: RouteState): boolean => table === mainTable;
    return structuredClone({
      links: this.links,
      addresses: this.#addresses,
      routes: [...this.#routes.filter(isMain), ...this.#connectedRoutes()],
      policyRoutes: this.#routes.filter((route) => !isMain(route)),
    });
  }

  /** Makes the change so; the text of the refusal when the kernel would refuse it. */
  apply(change: KernelChange): string | undefined {
    switch (change.kind) {
      case 'set-link':
        return this.#setLink(change);
      case 'rename-link':
        return this.#renameLink(change);
      case 'remove-link':
        return this.removeLink(change.name);
      // The kernel in memory makes it: it concerns two namespaces.
      case 'add-veth':
        return undefined;
      case 'set-neighbour':
        return this.#setNeighbour(change);
      case 'set-address':
        return this.#setAddress(change);
      case 'remove-address':
        return this.#removeAddress(change);
      case 'set-route':
        return this.#setRoute(change.route);
      case 'remove-route':
        this.#routes = this.#routes.filter((route) => route.table !== mainTable || !isRoute(change.route, route));
        return undefined;
    }
  }

  link(name: string): LinkState | undefined {
    return this.links.find((link) => link.name === name);
  }

  /** Someone else's doing: a route that is not ours. */
  addForeignRoute(route: RouteState): void {
    this.#routes.push(route);
  }

  /** A link's addresses and routes go with it. */
  removeLink(name: string): undefined {
    this.links = this.links.filter((link) => link.name !== name);
    this.#addresses = this.#addresses.filter((address) => address.linkName !== name);
    this.#routes = this.#routes.filter((route) => route.device !== name);
  }

  #setLink({ name, isUp, mtu, alias }: Change<'set-link'>): string | undefined {
    const link = this.link(name);
    if (link === undefined) return `Cannot find device "${name}"`;
    link.mtu = mtu ?? link.mtu;
    link.alias = alias ?? link.alias;
    if (isUp === false) this.#dropWithDownLink(name);
    link.isUp = isUp ?? link.isUp;
    return undefined;
  }

  /** The kernel forgets the routes of a link that goes down, and its IPv6 addresses. */
  #dropWithDownLink(name: string): void {
    this.#routes = this.#routes.filter((route) => route.device !== name);
    this.#addresses = this.#addresses.filter((address) => address.linkName !== name || address.family === 4);
  }

  #renameLink({ name, to }: Change<'rename-link'>): string | undefined {
    const link = this.link(name);
    if (link === undefined) return this.link(to) === undefined ? `Cannot find device "${name}"` : undefined;
    if (this.link(to) !== undefined) return 'File exists';
    if (link.isUp) return 'Device or resource busy';
    link.name = to;
    for (const address of this.#addresses) if (address.linkName === name) address.linkName = to;
    for (const route of this.#routes) if (route.device === name) route.device = to;
    return undefined;
  }

  #setNeighbour({ link: name, address, mac }: Change<'set-neighbour'>): string | undefined {
    if (this.link(name) === undefined) return `Cannot find device "${name}"`;
    this.neighbours.set(`${name} ${address}`, mac);
    return undefined;
  }

  #setAddress({ link: name, address, prefixLength }: Change<'set-address'>): string | undefined {
    const link = this.link(name);
    const parsed = tryParseAddress(address);
    if (link === undefined) return `Cannot find device "${name}"`;
    if (parsed === undefined) return `any valid prefix is expected rather than "${address}"`;
    void this.#removeAddress({ kind: 'remove-address', link: name, address, prefixLength });
    const { family } = parsed;
    this.#addresses.push({
      ...{ linkIndex: link.index, linkName: name, family, address, prefixLength },
      ...{ scope: 'global', isTentative: false },
    });
    return undefined;
  }

  #removeAddress({
    link,
    address,
    prefixLength,
  }: Omit<Change<'remove-address'>, 'kind'> & { kind: string }): undefined {
    this.#addresses = this.#addresses.filter(
      (each) => each.linkName !== link || each.address !== address || each.prefixLength !== prefixLength,
    );
  }

  #setRoute(input: RouteInput): string | undefined {
    if (input.kind === 'unicast') {
      const refusal = this.#refusalOfUnicast(input);
      if (refusal !== undefined) return refusal;
    }
    const metric = metricOf(input);
    const family = input.destination.includes(':') ? 6 : 4;
    const isReplaced = ({ table, destination, metric: its }: RouteState): boolean =>
      table === mainTable && destination === input.destination && its === metric;
    this.#routes = this.#routes.filter((route) => !isReplaced(route));
    this.#routes.push({ ...input, family, metric, protocol: routeProtocol, table: mainTable });
    return undefined;
  }

  #refusalOfUnicast({ device, source }: RouteInput): string | undefined {
    const link = device === undefined ? undefined : this.link(device);
    if (device !== undefined && link === undefined) return `Cannot find device "${device}"`;
    if (link?.isUp === false) return 'Network is down';
    const isOurs = source === undefined || this.#addresses.some((address) => address.address === source);
    return isOurs ? undefined : 'Invalid prefsrc address';
  }

  #connectedRoutes(): RouteState[] {
    return this.#addresses.flatMap((each): RouteState[] => {
      const address = tryParseAddress(each.address);
      if (address === undefined || each.prefixLength === widthOf(each.family) || !this.link(each.linkName)?.isUp)
        return [];
      return [
        {
          ...{ family: each.family, destination: formatCidr(cidrOf(address, each.prefixLength)), kind: 'unicast' },
          ...{ device: each.linkName, metric: each.family === 4 ? 0 : 256, protocol: kernelProtocol, table: mainTable },
          ...(each.family === 4 ? { source: each.address } : {}),
        },
      ];
    });
  }
}
