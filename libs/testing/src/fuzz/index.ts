/** Malformed requests and records, and what comes of them. */
export * from './fuzz-log.ts';
export * from './hammer.ts';
export { fitting } from './json-values.ts';
export * from './malformed-record.ts';
export * from './malformed-requests.ts';
export * from './seeded-unit.ts';
