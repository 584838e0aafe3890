/** The instants of an attachment's life at which a crash of the node-manager is tried. */
import type { FaultPoints } from '@wgcni/base';
import type { addSteps, nodeManagerFaultPoints } from '@wgcni/cni';

export type AddStep = (typeof addSteps)[number];

export type AttachmentFaultPoints = FaultPoints<(typeof nodeManagerFaultPoints)[number]>;
