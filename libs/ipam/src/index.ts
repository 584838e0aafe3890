/** Address arithmetic and allocation: pure decisions, no effects. */
export * from './address.ts';
export * from './cidr.ts';
export * from './address-pool.ts';
export * from './subnet-pool.ts';
