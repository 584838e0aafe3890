/** The lab: a whole cluster on one machine, for `make lab` and for the end-to-end tests. */
export type { LabAuthority } from './authority.ts';
export * from './credentials.ts';
export * from './etcd.ts';
export * from './install-cni.ts';
export * from './lab.ts';
export * from './netns.ts';
export {
  addOutside,
  moveOutside,
  planOutside,
  planOutsideLink,
  type OutsideLink,
  type OutsideMachine,
} from './outside.ts';
export * from './ping.ts';
export * from './plan.ts';
export * from './plugin.ts';
export * from './process.ts';
export * from './programs.ts';
export * from './reach.ts';
export * from './take-down.ts';
export * from './until.ts';
export * from './wireguard-processes.ts';
