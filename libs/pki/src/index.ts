/** Who somebody is in a cluster, and the certificates by which a process shows it. */
export * from './credential-paths.ts';
export * from './credentials.ts';
export * from './digests.ts';
export * from './expect-identity.ts';
export * from './identity.ts';
export * from './join-token.ts';
export * from './judge-peer.ts';
export * from './key-pair.ts';
export * from './kept-credentials.ts';
export * from './late-peer.ts';
export * from './open-credentials.ts';
export * from './pem.ts';
export * from './renewal-due.ts';
export * from './secure-client.ts';
export * from './secure-server.ts';
export * from './shown-authority.ts';
export * from './uncertified.ts';
