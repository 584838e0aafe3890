/** What the rest of the node-manager uses of the attachments half. */
export { kernelBootId, type ReadBootId } from './boot-id.ts';
export { Attachments } from './attachments.ts';
export { procUdpPorts, type UdpPorts } from './udp-ports.ts';
export type { AttachmentFaultPoints } from './fault-points.ts';
