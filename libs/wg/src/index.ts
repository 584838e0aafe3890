/** WireGuard: keys, peers and devices. */
export * from './key.ts';
export * from './peer.ts';
export * from './port.ts';
