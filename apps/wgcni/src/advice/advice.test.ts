/** What `wgcni status` says is wrong, and that it says nothing of a node or cluster that is well. */
import type { NodeStatus } from '@wgcni/api';
import { describe, expect, it } from 'vitest';
import type { ClusterStatus } from '../cluster-status.ts';
import { showAdvice } from './advice.ts';
import { clusterAdvice } from './cluster-advice.ts';
import { nodeAdvice } from './node-advice.ts';

const peer = {
  ...{ nodeId: 'n2', publicKey: 'k', endpoint: '192.0.2.12:51820', allowedIps: ['10.64.1.0/24'] },
  ...{ state: 'programmed' as const, unaccounted: [], handshakeAgeSec: 20, receivedBytes: 1, sentBytes: 1 },
};
const well = {
  ...{ nodeId: 'n1', version: '1', readiness: 'ready', reason: null, networkId: null, subnets: [], publicKey: null },
  ...{ backend: 'kernel', isRegistered: true, isViewStored: false, contactAgeSec: 3, meshRevision: 1 },
  ...{ attachments: { total: 1, orphaned: 0, adopted: 0 }, direct: { pairs: 0, due: 0 } },
  ...{ addresses: [{ subnet: '10.64.0.0/24', taken: 1, free: '252' }], quarantined: [], drift: [], peers: [peer] },
  ...{
    clients: [],
    mtu: { network: 1_420, underlay: 1_500, problem: null, waiting: [] },
    paths: [],
    pathsProblem: null,
    tunnels: [],
    tunnelsProblem: null,
    contested: [],
  },
  ...{ policy: null, queuedDeletions: 0, certificates: [] },
} as unknown as NodeStatus;
const ofNode = (status: Partial<NodeStatus>): string[] =>
  nodeAdvice({ ...well, ...status }).map(({ level, what, remedy }) => `${level}: ${what} → ${remedy}`);

describe('a node', () => {
  it('that is well is told nothing', () => {
    expect(ofNode({})).toEqual([]);
    expect(showAdvice([])).toBe('nothing is wrong');
  });

  it.each<[string, Partial<NodeStatus>, string]>([
    [
      'fenced',
      { readiness: 'fenced', reason: 'no contact for 16 h' },
      'fault: takes no new containers: no contact for 16 h → bring',
    ],
    ['not registered', { isRegistered: false }, 'attention: is not registered; last contact 3 s ago'],
    [
      'without a handshake',
      { peers: [{ ...peer, handshakeAgeSec: null }] },
      'fault: no tunnel to n2 → let UDP pass to 192.0.2.12:51820',
    ],
    ['with an old one', { peers: [{ ...peer, handshakeAgeSec: 400 }] }, 'fault: no tunnel to n2 for 6 min'],
    [
      'with a broken tunnel',
      {
        peers: [{ ...peer, handshakeAgeSec: 400 }],
        tunnels: [{ peer: 'n2', state: 'broken', sinceSec: 20, cause: 'no route', attempts: 1, isAlarm: false }],
      },
      'fault: the tunnel to n2 is broken for 20 s: no route → it is being repaired',
    ],
    [
      'whose tunnel was repaired in vain',
      { tunnels: [{ peer: 'n2', state: 'broken', sinceSec: 90, cause: null, attempts: 3, isAlarm: true }] },
      'fault: the tunnel to n2 is broken for 90 s → its peer was written anew 3 times',
    ],
    [
      'of which somebody keeps changing something',
      { contested: ['device wgcni-mesh'] },
      'fault: device wgcni-mesh is changed by somebody else again and again → find who else',
    ],
    [
      'with a peer that is missing',
      { peers: [{ ...peer, state: 'unaccounted' }] },
      'attention: n2 is missing from the store',
    ],
    [
      'with a small path',
      { paths: [{ nodeId: 'n2', endpoint: '192.0.2.12:51820', carries: 1_400, needs: 1_480 }] },
      'fault: the path to n2 (192.0.2.12:51820) carries 1400 bytes and the mesh needs 1480 → wgcni network set --mtu 1320',
    ],
    [
      'almost full',
      { addresses: [{ subnet: '10.64.0.0/24', taken: 250, free: '3' }] },
      'attention: 3 addresses are left in 10.64.0.0/24',
    ],
    ['with orphans', { attachments: { total: 2, orphaned: 2, adopted: 0 } }, 'fault: 2 containers have addresses that'],
    [
      'with an ended certificate',
      { certificates: [{ use: 'tls', validTo: '', endsInSec: -1, isExpiring: true }] },
      'fault: its certificate for cluster-managers has ended',
    ],
  ])('that is %s is told so', (_, status, text) => {
    expect(ofNode(status)).toEqual([expect.stringContaining(text)]);
  });
});

describe('a cluster', () => {
  const replica = { replicaId: 'm1', url: 'u', version: '1', isLeader: true, certificate: null };
  const node = { nodeId: 'n1', state: 'registered', silentSec: 0 };
  const healthy = {
    leader: { leader: { replicaId: 'm1', url: 'u' }, recovering: false },
    managers: [replica, { ...replica, replicaId: 'm2' }],
    unanswered: [],
    ...{ nodes: [node, { ...node, nodeId: 'n2' }, { ...node, nodeId: 'n3' }] },
    pools: [{ cidr: '10.64.0.0/12', prefixLength: 24, subnets: '4096', taken: 3 }],
  } as unknown as ClusterStatus;
  const ofCluster = (status: object): string[] =>
    clusterAdvice({ ...healthy, ...status }).map(({ level, what }) => `${level}: ${what}`);

  it('that is well is told nothing', () => {
    expect(ofCluster({})).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    [
      'without a leader',
      { leader: { leader: null, recovering: false } },
      ['fault: nobody leads: nothing can be written'],
    ],
    ['with one manager', { managers: [replica] }, ['attention: there is one cluster-manager']],
    [
      'one of whose managers is gone',
      { unanswered: [{ url: 'https://192.0.2.3:7001', why: 'connect ECONNREFUSED' }] },
      ['fault: the cluster-manager at https://192.0.2.3:7001 does not answer: connect ECONNREFUSED'],
    ],
    [
      'half upgraded',
      { managers: [replica, { ...replica, version: '2' }] },
      ['attention: cluster-managers are of different versions: 1, 2'],
    ],
    [
      'with a silent node',
      { nodes: [node, node, { ...node, nodeId: 'n3', state: 'silent', silentSec: 300 }] },
      ['fault: node n3 is silent, counted for 5 min'],
    ],
    [
      'most of which is silent',
      { nodes: [{ ...node, state: 'silent' }] },
      ['fault: 1 of 1 nodes are silent: none is given up while it is so', 'fault: node n1 is silent, counted for 0 s'],
    ],
    [
      'whose pool ends',
      { pools: [{ cidr: 'p', prefixLength: 24, subnets: '16', taken: 15 }] },
      ['attention: the pool p has 1 of 16 subnets left'],
    ],
    [
      'whose pool has ended',
      { pools: [{ cidr: 'p', prefixLength: 24, subnets: '16', taken: 16 }] },
      ['fault: the pool p is exhausted'],
    ],
  ])('%s is told so', (_, status, texts) => {
    expect(ofCluster(status)).toEqual(texts.map((text) => expect.stringContaining(text) as string));
  });
});
