/** What both servers are made of: flags, the REST surface with its problem documents, the OpenAPI document. */
export * from './client-of.ts';
export * from './credential-flags.ts';
export * from './events/event-ring.ts';
export * from './events/event-routes.ts';
export * from './flags.ts';
export * from './forward-headers.ts';
export * from './health/metrics.ts';
export * from './health/serve-health.ts';
export * from './judge-caller.ts';
export * from './limits.ts';
export * from './listen.ts';
export * from './open-server.ts';
export * from './page-of.ts';
export * from './print-openapi.ts';
export * from './schema-ref.ts';
export * from './warnings.ts';
