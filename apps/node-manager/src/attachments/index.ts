/** What the rest of the node-manager uses of the attachments half. */
export { kernelBootId, type ReadBootId } from './boot-id.ts';
export { Attachments, type AttachmentCounts, type DeletionWords } from './attachments.ts';
export type { AttachmentsDeps, RequestLimits } from './deps.ts';
export { procUdpPorts, type UdpPorts } from './udp-ports.ts';
