/** Everything a node-manager reaches the world through; tests give memory adapters. */
import type { ManagerClient } from '@wgcni/api';
import type { Clock, Log, Random } from '@wgcni/base';
import type { Firewall, IpRoute, NftTable, Sysctl } from '@wgcni/iproute';
import type { CredentialSource } from '@wgcni/pki';
import type { Store } from '@wgcni/store';
import type { KeyGenerator, WgDevices } from '@wgcni/wg';
import type { AttachmentFaultPoints, ReadBootId, UdpPorts } from './attachments/index.ts';
import type { ResolveHost } from './control-plane/control-plane-keeper.ts';
import type { LiveConfig } from './live-config.ts';
import type { PathProbe } from './paths/path-probe.ts';
import type { TunnelProbe } from './tunnels/tunnel-probe.ts';

/** The host's side. */
export interface HostPorts {
  devices: WgDevices;
  keys: KeyGenerator;
  iproute: IpRoute;
  sysctl: Sysctl;
  firewall: Firewall;
  /** The table of our own that enforces the policy. */
  policyTable: NftTable;
  udpPorts: UdpPorts;
  resolveHost: ResolveHost;
  pathProbe: PathProbe;
  tunnelProbe: TunnelProbe;
  readBootId: ReadBootId;
  /** Milliseconds since boot, suspended time included. */
  uptimeMs: () => number;
  clock: Clock;
  random: Random;
  log: Log;
  /** Where a test may end the process. */
  reach: AttachmentFaultPoints;
}

/** The host's side and the cluster's. */
export interface Ports extends HostPorts {
  /** Read-only credentials suffice: a node writes nothing to etcd. */
  store: Store;
  manager: Pick<ManagerClient, 'register' | 'renew' | 'release' | 'putContainers' | 'putReport' | 'useUrls'>;
  /** Tells when the configuration has changed; without it, it does not. */
  live?: Pick<LiveConfig, 'onChange'> | undefined;
  /** The node's own certificate; without one its listener is plain, on loopback. */
  credentials?: CredentialSource | undefined;
  /** The one for etcd, whose end is told. */
  etcdCredentials?: CredentialSource | undefined;
  /** Told which authority issues now. */
  certificates?: { noteIssuer(digest: string | null, ttlSec: number): void } | undefined;
}
