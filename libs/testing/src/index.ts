/** What tests stand on: the lab, rigs for containers and virtual machines, the house test. */
export * from './lab/index.ts';
export * from './documented-operations.ts';
export * from './browser/chromium.ts';
export * from './docker/engine.ts';
export * from './docker/member.ts';
export * from './api-clients/index.ts';
export * from './fuzz/index.ts';
export * from './manual-clock.ts';
export * from './pki/read-credentials.ts';
export { removeCgroups } from './cgroups.ts';
export { linkPackages } from './planted/link-packages.ts';
