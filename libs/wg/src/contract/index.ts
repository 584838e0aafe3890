/** The contract suite of WireGuard devices; for tests only. */
export * from './device-contract.ts';
export * from './device-harness.ts';
