/** Every instant of ADD and DEL at which a crash is tried, in the plugin and in the node-manager: one list for both and for the test that kills at each. */

/** In the plugin. */
export const pluginFaultPoints = [
  'add/before the request',
  'add/answered by the node-manager',
  'add/before stdout',
  'add/after stdout',
  'add/confirmed',
  'del/before the request',
  'del/answered by the node-manager',
  'del/before the queue',
  'del/entry written aside',
  'del/entry renamed',
  'del/entry queued',
  'del/tried again',
  'del/withdrawn',
] as const;

/** The steps of an ADD in the node-manager, in order; the instant is after the step. */
export const addSteps = [
  'replay queued deletions',
  'inspect the namespace',
  'release what is stale',
  'reserve an address',
  'add the peer',
  'make the device',
  'configure the device',
  'set addresses and routes',
  'wait for the device',
  'record the attachment',
  'answer',
] as const;

/** The steps in which a device whose process died is made anew; the instant is after the step. */
export const reviveSteps = [
  'record the key',
  'change the peers',
  'make the device',
  'configure the device',
  'set addresses and routes',
  'wait for the device',
  'record the end',
] as const;

/** In the node-manager: after each step that changes memory, disk or kernel. */
export const nodeManagerFaultPoints = [
  'add/addresses taken',
  ...addSteps.map((step) => `add/${step}` as const),
  'answered/recorded',
  'del/marked',
  'del/device removed',
  'del/peer removed',
  'del/record removed',
  'del/address freed',
  ...reviveSteps.map((step) => `revive/${step}` as const),
  'replay/obeyed',
  'replay/removed',
] as const;
