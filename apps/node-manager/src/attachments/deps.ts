/** What the attachments half of the node-manager is given: ports, paths and the decisions of the other half. */
import type { Clock, Log } from '@wgcni/base';
import type { IpRoute, Sysctl } from '@wgcni/iproute';
import type { KeyGenerator, KeyPair, PublicKey, WgDevices } from '@wgcni/wg';
import type { Admission } from '../node-view.ts';
import type { RepairBook } from '../repair/repair-book.ts';
import type { ReadBootId } from './boot-id.ts';
import type { PortRange } from './container-port.ts';
import type { AttachmentFaultPoints } from './fault-points.ts';
import type { UdpPorts } from './udp-ports.ts';

export interface AttachmentsDeps {
  nodeId: string;
  /** Records go to `attachments/` and `addresses/` in it. */
  dataDir: string;
  /** Where the CNI plugin queues deletions. */
  queueDir: string;
  /** UDP port of the pods device. */
  podPort: number;
  /** UDP ports for containers' devices, stored with each record. */
  containerPorts: PortRange;
  /** The pods device's key pair, from `keepNodeKey(…, 'pods', podsRef(nodeId))`. */
  podsKey: KeyPair;
  /** Public keys that nobody who brings a key may claim (the mesh device's). */
  reservedKeys: readonly string[];
  devices: WgDevices;
  keys: KeyGenerator;
  iproute: IpRoute;
  sysctl: Sysctl;
  udpPorts: UdpPorts;
  readBootId: ReadBootId;
  /** For tests: milliseconds on the clock that the plugin stamps queued deletions with, CLOCK_MONOTONIC. */
  bootUptimeMs?: () => number;
  admission: Admission;
  clock: Clock;
  log: Log;
  /** Told of what somebody else changed. */
  repairs: RepairBook;
  reach: AttachmentFaultPoints;
  /** Called whenever the last attachment or joined address is gone; a draining node then releases its subnets. */
  onEmpty: () => void;
  /** Who makes the containers' devices know each other; absent: nobody does. */
  neighbours?: Neighbours;
  /** Times each reconcile of the node's side; absent: nobody does. */
  timed?: <T>(work: () => Promise<T>) => Promise<T>;
  /** Told how much a reconcile found other than desired. */
  differed?: (count: number) => void;
}

interface Neighbours {
  /** An attachment came, is leaving or is gone. */
  changed(): void;
  /** Undefined when no other container's device can send to this one; else it resolves when none can any more, however long that takes. */
  forgotten(publicKey: PublicKey): Promise<void> | undefined;
}

/** How long a request may go on, and who waits for it. */
export interface RequestLimits {
  /** Aborts when the caller closes the connection: what was begun is rolled back. */
  signal: AbortSignal;
  /** On the monotonic clock: no step starts after it. */
  deadlineAt: number;
}
