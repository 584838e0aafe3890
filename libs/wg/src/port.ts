/** The port to WireGuard devices: kernel, userspace and memory stand behind it, one contract suite runs on all. */
import type { Secret } from '@wgcni/base';
import type { PublicKey } from './key.ts';
import type { Peer, PeerChange } from './peer.ts';

export interface KeyPair {
  publicKey: PublicKey;
  privateKey: Secret;
}

export interface KeyGenerator {
  /** A fresh Curve25519 key pair from the operating system's randomness. */
  generate(): KeyPair;
  /** The public key of a private key (base64, 32 bytes). */
  publicKeyOf(privateKey: Secret): PublicKey;
}

/**
 * Which device. `id` is unique on the machine and stable (hash of node id and role, or of node id and attachment): it names the
 * userspace process and its socket. `name` is the interface name where the device lives; `netns` the container's
 * namespace path, absent for a node device.
 */
export interface DeviceRef {
  id: string;
  name: string;
  netns?: string;
}

export interface DeviceState {
  ref: DeviceRef;
  /** Absent until configured. */
  publicKey: PublicKey | undefined;
  listenPort: number;
  peers: ObservedPeer[];
}

export interface ObservedPeer extends Peer {
  /** Seconds since the epoch by this machine's clock; 0 when there was none. */
  latestHandshakeAt: number;
  receivedBytes: number;
  sentBytes: number;
}

export interface DeviceSettings {
  privateKey: Secret;
  listenPort: number;
  peers: readonly Peer[];
}

export interface DeviceChanges {
  ref: DeviceRef;
  changes: readonly PeerChange[];
}

export interface WgDevices {
  readonly backend: 'kernel' | 'userspace' | 'memory';
  /**
   * Makes the device, down and unconfigured, under its final name in its final namespace, with its UDP socket in ours.
   * Throws CatalogueError `interface.exists`, `netns.unusable`, `kernel.refused`. A stale userspace process of the same id is replaced.
   */
  create(ref: DeviceRef, mtu: number): Promise<void>;
  /** Key, port and the whole list of peers at once, for a device that was just made. */
  configure(ref: DeviceRef, settings: DeviceSettings): Promise<void>;
  /** Changes some peers and leaves every other untouched; no re-handshake for those. */
  change(ref: DeviceRef, changes: readonly PeerChange[]): Promise<void>;
  /** Changes several devices, each as `change` does and settled for itself; in the kernel by one process. */
  changeEach(all: readonly DeviceChanges[]): Promise<void>[];
  /** What the device holds now, or undefined when it is not there or (userspace) its process is dead. */
  observe(ref: DeviceRef): Promise<DeviceState | undefined>;
  /** The device's private key, to adopt a device whose key file was lost; undefined when there is none. */
  readPrivateKey(ref: DeviceRef): Promise<Secret | undefined>;
  /** Waits, at most `timeoutMs`, until a device that was set up receives packets (a userspace process notices late); false on time-out. */
  settle(ref: DeviceRef, timeoutMs: number): Promise<boolean>;
  /** Removes the device and, in userspace, ends its process; a missing one is fine. */
  remove(ref: DeviceRef): Promise<void>;
  /** Ids of the userspace processes of ours that live (those whose name starts with `idPrefix`); always empty for the kernel. */
  liveIds(idPrefix: string): Promise<string[]>;
}
