/** What nodes tell of themselves, as the cluster-manager takes and serves it: memory of the replica that heard it, never the store. */
import { Type, type Static } from '@sinclair/typebox';
import {
  AddressText,
  CidrText,
  IdText,
  IfName,
  InstantText,
  KeylessText,
  Name,
  NodeIdText,
  OneOf,
} from '../formats.ts';
import { attachmentStates } from '../node/attachments.ts';

/** Most attachments that a report names; how many there are it tells beside. Earlier versions named as many tunnels. */
export const mostReported = 1_000;
/**
 * Most tunnels that are not up that a report names: in a mesh where all are broken, the reports of all nodes together grow with the nodes, not with their
 * square. Not fewer than a picture of few nodes has lines from one of them (`mostWithAllEdges`).
 */
export const mostTunnelsNamed = 32;
/** Most words of what a node could not mend. */
export const mostProblems = 32;

const closed = { additionalProperties: false };
const count = Type.Integer({ minimum: 0 });

/** A tunnel that is not up, as the node at one end of it sees it. */
const reportedTunnel = Type.Object(
  {
    nodeId: NodeIdText,
    state: OneOf(['broken', 'unknown'], 'broken: nothing comes through; unknown: nothing tells whether it does'),
    since: { ...InstantText, description: "by the node's clock" },
    cause: KeylessText,
  },
  closed,
);

const reportedAttachment = Type.Object(
  {
    network: Name,
    containerId: Name,
    ifName: IfName,
    state: OneOf(attachmentStates, 'as in the status of the node'),
    addresses: Type.Array(AddressText, { maxItems: 16 }),
  },
  closed,
);

const addressUse = Type.Object(
  { subnet: CidrText, taken: count, free: Type.String({ pattern: '^[0-9]{1,39}$', description: 'in decimal' }) },
  closed,
);

/** Of two reports of one run the greater counter is the newer. */
const place = {
  instance: IdText,
  run: { ...IdText, description: 'random id of the process that counts' },
  counter: count,
};

const summary = {
  version: Type.String({ maxLength: 43 }),
  peers: { ...count, description: 'how many tunnels to other nodes it is to have' },
  tunnels: Type.Array(reportedTunnel, {
    maxItems: mostReported,
    description: `those that are not up, the broken ones before others; ${mostTunnelsNamed} are kept`,
  }),
  tunnelsNotUp: { ...count, description: 'how many are not up, also beyond those that are named' },
  attachmentsTotal: { ...count, description: 'how many there are, also beyond those that are named' },
  addresses: Type.Array(addressUse, { maxItems: 64, description: 'taken and free, of each subnet' }),
  problems: Type.Array(KeylessText, { maxItems: mostProblems, description: 'what it could not mend' }),
};

const attachments = Type.Array(reportedAttachment, { maxItems: mostReported });

export const ReportInputSchema = Type.Object({ ...place, ...summary, attachments }, { $id: 'ReportInput', ...closed });

const heard = {
  nodeId: NodeIdText,
  ageSec: { ...count, description: 'since it was heard, by the clock of the replica that heard it' },
};

/** The newest report of a node, of all replicas that could be asked. */
export const ReportSchema = Type.Object({ ...heard, ...place, ...summary, attachments }, { $id: 'Report' });
/** The same without its attachments: of many nodes. */
export const ReportSummarySchema = Type.Object({ ...heard, ...place, ...summary }, { $id: 'ReportSummary' });

export type ReportInput = Static<typeof ReportInputSchema>;
export type Report = Static<typeof ReportSchema>;
export type ReportSummary = Static<typeof ReportSummarySchema>;
export type ReportedTunnel = Static<typeof reportedTunnel>;
export type ReportedAttachment = Static<typeof reportedAttachment>;
