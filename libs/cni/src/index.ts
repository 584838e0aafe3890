/** The CNI protocol without effects: configuration, results in every version, errors, the six verbs, queued deletions. */
export { dispatch, type Addition, type Call, type Outcome, type VerbEffects } from './dispatch.ts';
export type { AddEnvironment, CheckEnvironment, DelEnvironment, Variables } from './environment.ts';
export { addSteps, nodeManagerFaultPoints, pluginFaultPoints, reviveSteps } from './fault-points.ts';
export { pluginName, type NetworkConfig } from './network-config.ts';
export { isObject, type JsonObject } from './json-shape.ts';
export * from './queue-entry.ts';
export type { Attached } from './result.ts';
export type { ValidAttachment } from './valid-attachments.ts';
export { cniVersions, newestVersion, type CniVersion } from './version.ts';
