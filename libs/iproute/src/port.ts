/** The port to the kernel's links, addresses, routes and sysctls. Nothing above it knows of processes or netlink. */

/** Path of a network namespace (`/var/run/netns/x`, `/proc/1/ns/net`); `undefined` means the node-manager's own. */
export type NetnsPath = string | undefined;

export interface LinkState {
  index: number;
  name: string;
  /** `wireguard`, `veth`, `tun`, `bridge`, or '' when the kernel names no kind. */
  kind: string;
  isUp: boolean;
  mtu: number;
  /** `ifalias`, where we record ownership; '' when none. */
  alias: string;
  isLoopback: boolean;
  /** Of an Ethernet link, `02:00:00:00:00:01`. */
  mac?: string;
}

export interface AddressState {
  linkIndex: number;
  linkName: string;
  family: 4 | 6;
  /** Canonical text without prefix length. */
  address: string;
  prefixLength: number;
  /** `global`, `link`, `host`, … */
  scope: string;
  isTentative: boolean;
}

export interface RouteState {
  family: 4 | 6;
  /** Canonical CIDR; the default routes are `0.0.0.0/0` and `::/0`. */
  destination: string;
  kind: 'unicast' | 'unreachable';
  device?: string;
  via?: string;
  source?: string;
  metric: number;
  /** Route protocol number; ours is `routeProtocol`. */
  protocol: number;
  table: number;
}

/** Our mark on every route we make: a reconciler touches nothing without it. */
export const routeProtocol = 87;

export interface KernelState {
  links: LinkState[];
  addresses: AddressState[];
  /** Of the main table. */
  routes: RouteState[];
  /** Of every other table but the kernel's own local one: policy rules lead to them. */
  policyRoutes: RouteState[];
}

/** One idempotent step: `set-*` makes it so whether or not it was, `remove-*` succeeds when it is already gone; a neighbour that is set stays for good. */
export type KernelChange =
  | { kind: 'set-link'; name: string; isUp?: boolean; mtu?: number; alias?: string }
  | { kind: 'rename-link'; name: string; to: string }
  | { kind: 'remove-link'; name: string }
  | AddVeth
  | { kind: 'set-address'; link: string; address: string; prefixLength: number }
  | { kind: 'remove-address'; link: string; address: string; prefixLength: number }
  | { kind: 'set-route'; route: RouteInput }
  | { kind: 'remove-route'; route: RouteInput }
  | { kind: 'set-neighbour'; link: string; address: string; mac: string };

/**
 * Makes two joined Ethernet links, both down: one here, its peer directly inside another namespace under its final name. A link of that
 * name that is here already is taken for the one that is meant.
 */
export interface AddVeth {
  kind: 'add-veth';
  name: string;
  mac: string;
  /** Bytes, of both. */
  mtu: number;
  peer: { name: string; mac: string; netns: string };
}

/** A route to write: main table, our protocol number. IPv6 addresses are added `nodad`. */
export interface RouteInput {
  destination: string;
  kind: 'unicast' | 'unreachable';
  device?: string;
  via?: string;
  source?: string;
  metric?: number;
  /** `link` for routes on a device without gateway (the default for unicast without via). */
}

export interface IpRoute {
  /** Links, addresses and routes of a namespace, read in one go. Throws CatalogueError `netns.unusable` when the path is no namespace. */
  observe(netns: NetnsPath): Promise<KernelState>;
  /** Applies the changes in order, in one batch; stops at the first that the kernel refuses and throws CatalogueError `kernel.refused` naming it. */
  apply(changes: readonly KernelChange[], netns: NetnsPath): Promise<void>;
  /** Moves a link of our own namespace into `netns` under a new name (userspace devices only). */
  moveLink(name: string, netns: string, to: string): Promise<void>;
  /** A namespace's identity, to tell whether two paths are the same one; throws CatalogueError `netns.unusable` naming the path. */
  identify(netns: string): Promise<string>;
  /**
   * Yields after link, address or route changes in our own namespace (coalesced); those that concern only links named in `except` are
   * left out where they can be told apart. Returns when the signal aborts.
   */
  changes(signal: AbortSignal, except?: readonly string[]): AsyncIterable<void>;
}

/** Kernel switches (`net.ipv4.ip_forward`), in the node's namespace or a container's. */
export interface Sysctl {
  /** The value, or undefined when the kernel has no such switch. */
  read(name: string, netns?: NetnsPath): Promise<string | undefined>;
  write(values: Readonly<Record<string, string>>, netns?: NetnsPath): Promise<void>;
}

/** One packet filter rule of ours in iptables-save syntax without table and chain, e.g. `-i wgcni-pods -j ACCEPT`. */
export interface FirewallChain {
  family: 4 | 6;
  table: 'raw' | 'filter' | 'nat' | 'mangle';
  /** Our chain, e.g. `WGCNI-FORWARD`. */
  name: string;
  /** The built-in chain at whose head the jump stands. */
  hook: 'INPUT' | 'FORWARD' | 'POSTROUTING' | 'OUTPUT' | 'PREROUTING';
  rules: string[];
}

export interface Firewall {
  /** Makes exactly these chains of ours exist with exactly these rules, each jumped to once from the head of its hook; removes other chains whose names start with `prefix`. Writes only what differs; resolves with the chains that did, those with a jump among them, as `WGCNI-FORWARD/4`. */
  ensure(chains: readonly FirewallChain[], prefix: string): Promise<string[]>;
  /** Removes every chain whose name starts with `prefix`, and the jumps to it. */
  remove(prefix: string): Promise<void>;
}

/** A named set of addresses in a table of ours. */
export interface NftSet {
  name: string;
  family: 4 | 6;
  /** CIDRs of the family, none inside another; `/0` may be among them. */
  elements: readonly string[];
}

export interface NftChain {
  name: string;
  /** Where packets come in, at priority `filter` with policy accept; without one the chain is only jumped to. */
  hook?: 'forward' | 'input';
  /** In nft's syntax, e.g. `ct original ip saddr @pods4 counter name "denied" drop`. */
  rules: readonly string[];
}

/** Everything in one table of ours of nftables, of both families (`inet`). */
export interface NftContent {
  sets: readonly NftSet[];
  /** Names of the counters; each counts from when it is first named until it is named no more. */
  counters: readonly string[];
  /** A chain stands behind those that jump to it. */
  chains: readonly NftChain[];
}

export interface NftCount {
  packets: number;
  bytes: number;
}

export type NftCounts = ReadonlyMap<string, NftCount>;

export interface NftTable {
  /**
   * Makes the table hold exactly this, in one transaction: a packet meets the table as it was or as it is to be. Counters that stay go on counting.
   * Writes only when something differs, by whomever; resolves with whether it did, and with what was counted. Throws CatalogueError `kernel.refused`.
   */
  ensure(content: NftContent): Promise<{ didChange: boolean; counts: NftCounts }>;
  /** What was counted until now; empty without the table. */
  counts(): Promise<NftCounts>;
  /** Yields after changes of the table, by whomever, ours too (coalesced); it may miss some. Returns when the signal aborts. */
  changes(signal: AbortSignal): AsyncIterable<void>;
  /** Throws CatalogueError `config.invalid` when what stands behind this cannot do what the others ask of it. */
  verify(): Promise<void>;
  /** Removes the table with everything in it. */
  remove(): Promise<void>;
}
