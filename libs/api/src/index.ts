/** The REST contract: schemas of both surfaces and typed clients. */
export * from './dialer.ts';
export * from './duration.ts';
export * from './formats.ts';
export * from './page.ts';
export * from './problem-schema.ts';
export * from './manager/certificates.ts';
export * from './manager/client.ts';
export * from './manager/clients.ts';
export * from './manager/network.ts';
export * from './manager/nodes.ts';
export * from './manager/options.ts';
export * from './manager/replicas.ts';
export * from './manager/tokens.ts';
export * from './node/addresses.ts';
export * from './node/attachments.ts';
export * from './node/client.ts';
export * from './node/status.ts';
