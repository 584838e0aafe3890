/** Links, addresses, routes, sysctls and packet filter chains: port, adapter, memory fake. */
export * from './exec/directory-lock.ts';
export * from './exec/firewall.ts';
export * from './exec/identify.ts';
export * from './exec/ip-route.ts';
export * from './exec/nft-table.ts';
export * from './exec/processes.ts';
export * from './exec/sysctl.ts';
export * from './kernel/satisfied.ts';
export * from './memory/firewall.ts';
export * from './memory/kernel.ts';
export * from './memory/nft-table.ts';
export * from './memory/sysctl.ts';
export * from './port.ts';
