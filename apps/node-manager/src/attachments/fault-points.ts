/** Every instant of an attachment's life at which a crash is tried: after each step that changes memory, disk or kernel. */
import type { FaultPoints } from '@wgcni/base';

/** The steps of ADD, in order; the instant is after the step. */
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

export type AddStep = (typeof addSteps)[number];

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

export const faultPointNames = [
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

export type AttachmentFaultPoints = FaultPoints<(typeof faultPointNames)[number]>;
