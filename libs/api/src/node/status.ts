/** A node's own view of itself. */
import { Type, type Static } from '@sinclair/typebox';
import {
  AddressText,
  CidrText,
  EndpointText,
  IdText,
  IfName,
  Name,
  NodeIdText,
  OneOf,
  PublicKeyText,
  Revision,
} from '../formats.ts';

export const readiness = ['ready', 'no-grant', 'fenced', 'draining', 'deleted', 'duplicate', 'starting'] as const;

const nodePeer = Type.Object({
  nodeId: Type.Union([NodeIdText, Type.Null()]),
  publicKey: PublicKeyText,
  endpoint: Type.Union([EndpointText, Type.Null()]),
  allowedIps: Type.Array(CidrText),
  state: OneOf(
    ['programmed', 'unaccounted', 'missing'],
    'unaccounted: absent from the store without a tombstone, kept',
  ),
  unaccounted: Type.Array(CidrText, {
    description: 'subnets of it that no record names and no tombstone ended, kept',
  }),
  handshakeAgeSec: Type.Union([Type.Integer(), Type.Null()]),
  receivedBytes: Type.Integer(),
  sentBytes: Type.Integer(),
});

const nodeClient = Type.Object({
  name: NodeIdText,
  publicKey: PublicKeyText,
  addresses: Type.Array(AddressText),
  via: Type.Union([NodeIdText, Type.Null()], {
    description: 'the other node that alone has it; null: this node has it',
  }),
  endpoint: Type.Union([EndpointText, Type.Null()], { description: 'where it was heard last' }),
  state: OneOf(
    ['programmed', 'unaccounted', 'missing', 'elsewhere', 'barred'],
    'unaccounted: absent from the store without a tombstone, kept; elsewhere: another node has it; barred: shown again by a store that went back to before it was removed, kept out',
  ),
  handshakeAgeSec: nodePeer.properties.handshakeAgeSec,
  receivedBytes: Type.Integer(),
  sentBytes: Type.Integer(),
});

const nodeCertificate = Type.Object({
  use: OneOf(['tls', 'etcd'], 'tls: for the cluster-managers and our own listener'),
  validTo: Type.String({ format: 'date-time', maxLength: 30 }),
  endsInSec: Type.Integer({ description: "by the node's clock; negative once it has ended" }),
  isExpiring: Type.Boolean({ description: 'a third or less of its life is left' }),
});

const nodeMtu = Type.Object({
  network: Type.Union([Type.Integer(), Type.Null()], { description: 'what every device is to have' }),
  underlay: Type.Union([Type.Integer(), Type.Null()], {
    description: 'the smallest MTU of the interfaces that the mesh goes out by',
  }),
  problem: Type.Union([Type.String(), Type.Null()], {
    description: 'why the underlay does not carry the packets of the mesh, and what to do',
  }),
  waiting: Type.Array(
    Type.Object({ network: Name, containerId: Name, ifName: IfName, mtu: Type.Integer(), why: Type.String() }),
    { description: 'attachments whose device has another MTU than the network still' },
  ),
});

const nodePath = Type.Object({
  nodeId: NodeIdText,
  endpoint: EndpointText,
  carries: Type.Union([Type.Integer(), Type.Null()], {
    description:
      'bytes of a packet that are known to pass undivided; null: nothing of any size is answered, so nobody knows',
  }),
  needs: Type.Integer({ description: "bytes of the mesh's largest packet; a path that carries less is too small" }),
});

const nodeTunnel = Type.Object({
  peer: NodeIdText,
  state: OneOf(
    ['up', 'broken', 'unknown'],
    'up: something came through lately; broken: two questions inside it were not answered, and nothing else came; unknown: never heard, or it cannot be asked',
  ),
  sinceSec: Type.Integer({ description: 'how long it is so' }),
  cause: Type.Union([Type.String(), Type.Null()], {
    description: 'why it is broken, as far as this node can tell; of one that is up: that its node answers no echo',
  }),
  attempts: Type.Integer({ description: 'how often its peer was written anew since it is broken' }),
  isAlarm: Type.Boolean({ description: 'it was repaired three times, and is broken still' }),
});

const counted = { packets: Type.Integer({ minimum: 0 }), bytes: Type.Integer({ minimum: 0 }) };

/** Counted since the rule is there, or since the table was flushed by somebody else. */
const nodePolicy = Type.Object(
  {
    isolation: OneOf(['open', 'isolated'], 'what the node enforces now'),
    rules: Type.Array(
      Type.Object({ name: Type.String({ description: 'of the rule that the node enforces' }), ...counted }),
      { description: 'what each let pass that was denied otherwise' },
    ),
    denied: Type.Array(
      Type.Object({
        what: Type.String({
          description: 'who and where to, like container-outside; stray: of no connection',
          examples: ['container-node'],
        }),
        ...counted,
      }),
      { description: 'what was dropped; only what was met' },
    ),
  },
  { description: 'who may reach whom, as the packet filter has it' },
);

export const NodeStatusSchema = Type.Object(
  {
    nodeId: NodeIdText,
    version: Type.String(),
    readiness: OneOf(readiness, 'ready: ADD is served now'),
    reason: Type.Union([Type.String(), Type.Null()], { description: 'why it is not ready, and what to do' }),
    networkId: Type.Union([IdText, Type.Null()]),
    subnets: Type.Array(CidrText),
    publicKey: Type.Union([PublicKeyText, Type.Null()]),
    backend: Type.String({ description: 'kernel or userspace WireGuard' }),
    isRegistered: Type.Boolean(),
    isViewStored: Type.Boolean({
      description: 'working from the view on disk: the store has not been read since the start',
    }),
    contactAgeSec: Type.Union([Type.Integer(), Type.Null()], {
      description: 'since the last renewal that was answered as valid',
    }),
    meshRevision: Revision,
    attachments: Type.Object({ total: Type.Integer(), orphaned: Type.Integer(), adopted: Type.Integer() }),
    direct: Type.Object({
      pairs: Type.Integer({ description: 'pairs of containers whose traffic skips the node' }),
      due: Type.Integer({ description: 'pairs that are to, and still send by the node' }),
      farPairs: Type.Integer({
        description: 'the same of pairs with containers of other nodes: those that skip both nodes',
      }),
      farDue: Type.Integer({ description: 'those that are to, and still send by the nodes' }),
      published: Type.Integer({ description: 'containers that other nodes may have as direct peers' }),
      unpublished: Type.Integer({
        description: 'those that are not published (yet): there is room for 64 of a node, and for 256 of all nodes',
      }),
    }),
    addresses: Type.Array(Type.Object({ subnet: CidrText, taken: Type.Integer(), free: Type.String() })),
    quarantined: Type.Array(Type.String(), { description: 'keys of records that could not be read' }),
    drift: Type.Array(Type.String(), { description: 'what the kernel has differently from what is desired, now' }),
    contested: Type.Array(Type.String(), {
      description: 'what somebody else keeps changing: mended three times in the last minute',
    }),
    peers: Type.Array(nodePeer),
    clients: Type.Array(nodeClient),
    mtu: nodeMtu,
    paths: Type.Array(nodePath, { description: 'the ways to the peers, as they were tried last' }),
    pathsProblem: Type.Union([Type.String(), Type.Null()], { description: 'why no path is tried, and what to do' }),
    tunnels: Type.Array(nodeTunnel, { description: 'the tunnels to the other nodes' }),
    tunnelsProblem: Type.Union([Type.String(), Type.Null()], {
      description: 'why no tunnel is asked, and what to do',
    }),
    tunnelTurnSec: Type.Integer({ description: 'how long it takes until each quiet tunnel was asked' }),
    policy: Type.Union([nodePolicy, Type.Null()]),
    queuedDeletions: Type.Integer(),
    certificates: Type.Array(nodeCertificate),
  },
  { $id: 'NodeStatus' },
);

export type NodeStatus = Static<typeof NodeStatusSchema>;
export type NodePeer = Static<typeof nodePeer>;
export type NodeClientStatus = Static<typeof nodeClient>;
export type NodePolicy = Static<typeof nodePolicy>;
