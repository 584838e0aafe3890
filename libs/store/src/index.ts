/** The replicated store: port, etcd adapter, memory fake, session, election, watch, records. Nobody else knows etcd. */
export { rootName, type AccessChange, type ClusterUsers, type Permission } from './etcd/access/access.ts';
export { knownBypass } from './etcd/access/known-bypasses.ts';
export * from './etcd/access/set-up-access.ts';
export * from './etcd/options.ts';
export { EtcdStore } from './etcd/store.ts';
export * from './keys.ts';
export * from './measured-store.ts';
export * from './memory/backend.ts';
export * from './memory/store.ts';
export * from './port.ts';
export * from './records/codec.ts';
export * from './records/schemas.ts';
export * from './session/election.ts';
export * from './session/lease-session.ts';
export * from './transact-until-known.ts';
export * from './watch/reflector.ts';
