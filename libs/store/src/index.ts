/** The replicated store: port, etcd adapter, memory fake, session, election, watch, records. Nobody else knows etcd. */
export * from './port.ts';
export * from './keys.ts';
export * from './records/schemas.ts';
