/** Contract suites of the ports, and throw-away namespaces; for tests only. */
export * from './firewall-contract.ts';
export * from './ip-route-contract.ts';
export * from './nft-table-contract.ts';
export * from './sysctl-contract.ts';
export * from './throwaway-netns.ts';
