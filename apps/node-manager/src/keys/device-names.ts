/** Under which names the kernel's changes tell of our devices: `ip monitor` may call a link by the first name that it saw for ever. */
import { meshDevice } from '../node-view.ts';
import { deviceId, deviceIdPrefix } from './device-id.ts';

/** The names of the mesh device of a node: its own, and the id that it is made under. */
export function meshNames(nodeId: string): string[] {
  return [meshDevice, deviceId(nodeId, 'mesh')];
}

/** Matches a line about a container's device, which is here under its id only until it is moved; the node's own two stay here. */
export function passingDevices(nodeId: string): RegExp {
  const own = [deviceId(nodeId, 'mesh'), deviceId(nodeId, 'pods')];
  return new RegExp(`\\b(?!${own.join('|')})${deviceIdPrefix}[0-9a-f]{12}\\b`);
}
