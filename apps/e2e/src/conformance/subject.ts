/** What the suite can be run against: any plugin binary with its configuration, and how to stop and start its daemon if it has one. */

export interface Subject {
  /** For the table. */
  name: string;
  /** The binary, executed as a runtime does. */
  plugin: string;
  /** The network configuration without `cniVersion`. */
  config: Record<string, unknown>;
  /** Path of the network namespace in which runtime and plugin run. */
  netnsPath: string;
  /** Directories in which the plugin looks for others. */
  cniPath: string;
  /** Whether our error codes from 100 on, and messages that name the value, are asked of it; the specification asks for neither. */
  isOurs: boolean;
  /** The addresses its allocator may give, for cases that ask for one. */
  range: AddressRange;
  /** The same plugin, or its usual companion, as a delegated IPAM. */
  ipam: { plugin: string; config: Record<string, unknown> };
  daemon?: Daemon;
  /** The same daemon where it is ours. */
  nodeManager?: NodeManagerDaemon;
  /** What its allocator holds at this instant, one line an allocation, sorted; peers and records too where it has them. */
  holdings(): Promise<string[]>;
  /** Removes the far end of a container's link behind the plugin's back. */
  breakPeer?(containerId: string, addresses: readonly string[]): Promise<void>;
  /** Makes the node refuse new containers, and take them again. */
  setDraining?(isDraining: boolean): Promise<void>;
}

/** Of IPv4: the subnet's gateway, an address that may be asked for, and one that is not of the subnet. */
export interface AddressRange {
  gateway: string;
  inside: string;
  inside6?: string;
  outside: string;
}

/** The process behind a plugin. */
export interface Daemon {
  /** Ends it; resolves when it is gone. */
  stop(): Promise<void>;
  /** Starts it; resolves when it serves. */
  start(): Promise<void>;
}

/** What the cases about our own daemon need to know of it. */
export interface NodeManagerDaemon extends Daemon {
  /** Its unix socket. */
  socket: string;
  /** Where deletions wait while it is away. */
  queueDir: string;
  /** How many deletions may wait while it is away. */
  queueLimit: number;
  /** Starts it without waiting. */
  launch(): void;
  /** Resolves when it serves. */
  ready(): Promise<void>;
  /** Stops it from running without ending it, and lets it run on. */
  freeze(): void;
  thaw(): void;
  /** Freezes it in the midst of the next ADD: when that has its record, or its device. Resolves when it is frozen; rejects when `signal` aborts first. */
  freezeAt(instant: 'recorded' | 'device', signal: AbortSignal): Promise<void>;
}

/** The address plans the suite asks for: dual stack, one with very few IPv4 addresses, one without IPv4. */
export const settings = ['dual', 'tiny', 'ipv6'] as const;
export type Setting = (typeof settings)[number];

/** Brings a subject up under a setting; `close` removes all that it made. */
export interface SubjectSource {
  name: string;
  /** The address plans that it can be brought up under; the cases of others are not asked of it. */
  settings: readonly Setting[];
  open(setting: Setting): Promise<{ subject: Subject; close(): Promise<void> }>;
}
