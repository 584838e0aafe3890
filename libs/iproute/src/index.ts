/** Links, addresses, routes, sysctls and packet filter chains: port, adapter, memory fake. */
export * from './port.ts';
