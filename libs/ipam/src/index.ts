/** Address arithmetic, allocation, and the rules by which subnets are granted and reclaimed: pure decisions, no effects. */
export * from './address.ts';
export * from './cidr.ts';
export * from './find-overlap.ts';
export * from './pool.ts';
export * from './check-pools.ts';
export * from './network-options.ts';
export * from './rule.ts';
export * from './check-options.ts';
export * from './start-flags.ts';
export * from './address-pool.ts';
export * from './subnet-pool.ts';
export * from './grant.ts';
export * from './plan-grants.ts';
export * from './shortage-error.ts';
export * from './silence.ts';
export * from './plan-reclaim.ts';
