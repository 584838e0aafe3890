/** Links, addresses, routes, sysctls and packet filter chains: port, adapter, memory fake. */
export * from './memory/firewall.ts';
export * from './memory/kernel.ts';
export * from './memory/sysctl.ts';
export * from './port.ts';
