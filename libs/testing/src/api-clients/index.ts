/** Programs that are not ours, on our two APIs: a fuzzing client, and clients generated from the OpenAPI documents. */
export { type ApiServer, freePort } from './api-server.ts';
export * from './try-api.ts';
