/** Every instant of a call at which a crash of the plugin is tried. */
import type { FaultPoints } from '@wgcni/base';

export const faultPointNames = [
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

export type PluginFaultPoints = FaultPoints<(typeof faultPointNames)[number]>;
