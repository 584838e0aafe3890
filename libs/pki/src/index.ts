/** Who somebody is in a cluster, and the certificates by which a process shows it. */
export * from './credential-paths.ts';
export * from './credentials.ts';
export * from './expect-identity.ts';
export * from './identity.ts';
export * from './judge-peer.ts';
export * from './kept-credentials.ts';
export * from './open-credentials.ts';
export * from './secure-client.ts';
export * from './secure-server.ts';
