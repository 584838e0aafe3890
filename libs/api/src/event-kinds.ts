/** Every kind of event that a program tells of, with what it means; docs/reference/events.md is made of it. */

export interface EventKindEntry {
  /** How the log has it: `warn` is something that somebody may have to look at. */
  level: 'info' | 'warn';
  /** What happened, for the documentation. */
  means: string;
}

const info = (means: string): EventKindEntry => ({ level: 'info', means });
const warn = (means: string): EventKindEntry => ({ level: 'warn', means });

/** By kind, which is stable; a new program version may know more. */
export const eventKinds = {
  'repair.peer-restored': warn('a peer was taken off one of our devices by somebody else, and is there again'),
  'repair.peer-corrected': warn(
    'somebody else changed the allowed addresses or the keepalive of a peer; it is right again',
  ),
  'repair.peer-removed': warn('somebody else put a peer on one of our devices that nobody knows; it is gone'),
  'repair.device-restored': warn(
    'one of our devices was removed, or lost its key or port; it is made anew with its peers',
  ),
  'repair.link-corrected': warn(
    'somebody else changed the MTU of one of our devices, or took it down; it is right again',
  ),
  'repair.address-restored': warn('an address of one of our devices was removed, and is there again'),
  'repair.address-removed': warn('somebody else put an address on one of our devices; it is gone'),
  'repair.route-restored': warn('a route of ours was removed or changed, and is there again'),
  'repair.route-removed': warn('somebody else made a route with our mark that leads nowhere; it is gone'),
  'repair.chains-restored': warn('packet filter chains of ours were flushed or changed, and are right again'),
  'repair.policy-restored': warn('the table that says who may reach whom was flushed or changed, and is right again'),
  'repair.switch-restored': warn('a kernel switch that we need was set to something else, and is right again'),
  'repair.contested': warn('the same thing was put right three times in a minute: somebody keeps changing it'),
  'repair.uncontested': info('what somebody kept changing has been left as it is for a minute'),
  'tunnel.broken': warn('nothing comes through the tunnel to a node, though it was asked'),
  'tunnel.not-repaired': warn('a broken tunnel was repaired three times, and is broken still'),
  'tunnel.well': info('a tunnel that was broken carries packets again'),
  'network.created': info('the address plan is there'),
  'network.changed': info('an option of the network has another value'),
  'node.registered': info('a node has registered, or came back'),
  'node.silent': warn('the registration of a node has ended: it is not heard any more'),
  'node.draining': info('a node takes no new attachments'),
  'node.undrained': info('a node takes attachments again'),
  'node.deleted': info('a node has left the mesh: by hand, or after the hold-down'),
  'subnet.granted': info('a node was given a subnet'),
  'subnet.released': info('a subnet was given back, and rests before it is granted again'),
  'subnet.reserved': info('the subnet of a node that was deleted stays its own until it has let go of it'),
  'route.approved': info('a network behind a node was let in'),
  'route.withdrawn': info('a network behind a node is let in no more'),
  'client.added': info('a machine outside the cluster may dial in'),
  'client.changed': info('a client has another key, other addresses or other rights'),
  'client.removed': info('a client may dial in no more: taken away by hand, or its time has ended'),
  'leader.changed': info('another cluster-manager leads, or none'),
} as const satisfies Record<string, EventKindEntry>;

export type EventKind = keyof typeof eventKinds;
