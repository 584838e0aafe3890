/** WireGuard: keys, peers and devices. */
export * from './allowed-ips.ts';
export * from './backend.ts';
export * from './dump.ts';
export * from './endpoint.ts';
export * from './exec/private-files.ts';
export * from './kernel/devices.ts';
export * from './key-generator.ts';
export * from './key.ts';
export * from './memory/devices.ts';
export * from './overhead.ts';
export * from './peer.ts';
export * from './peer-table.ts';
export * from './plan-peers.ts';
export * from './port.ts';
export * from './userspace/devices.ts';
