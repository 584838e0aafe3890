/** What a node tells Prometheus, over a kernel in memory. */
import type { NodePolicy } from '@wgcni/api';
import { CatalogueError, silentLog } from '@wgcni/base';
import { type ObservedPeer, systemKeys } from '@wgcni/wg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeNode, inputFor, keyNamed, patient } from '../attachments/fake-node.ts';
import type { Judgement, Standing } from '../registration/standing.ts';
import { MeshLook } from '../mesh/mesh-look.ts';
import { emptyView, type KnownNode } from '../view/cluster-view.ts';
import { NodeMeters } from './node-meters.ts';
import { nodeMetrics } from './node-metrics.ts';
import { RegularLook } from './regular-look.ts';

const netDev = 'wgcni-mesh: 100 2 9 0 0 7 0 0 100 2 0 0 0 0 0 0\n';

const [publicKey, renewedKey] = [systemKeys.generate().publicKey, systemKeys.generate().publicKey];
const nodeOf = (nodeId: string, key: string): KnownNode => ({
  ...{ nodeId, publicKey: key, endpoints: [], subnets: [], modRevision: 3 },
  state: 'present',
});
const nodes: KnownNode[] = [nodeOf('n2', publicKey), nodeOf('n3', renewedKey)];
/** Shook hands 10 s before the clock of the test begins. */
const shaken = { endpoint: undefined, allowedIps: [], keepaliveSec: 25, latestHandshakeAt: 1_700_000_990 };
const peers: ObservedPeer[] = [
  { ...shaken, publicKey, receivedBytes: 700, sentBytes: 900 },
  // Written anew a moment ago: its device knows of no handshake.
  { ...shaken, publicKey: renewedKey, latestHandshakeAt: 0, receivedBytes: 0, sentBytes: 0 },
];

let node: FakeNode;
beforeEach(async () => {
  node = await FakeNode.make();
});
afterEach(() => node.close());

it('is where it stands with the cluster, and what it has given out', async () => {
  const attachments = await node.start();
  const board: { standing: Standing; isDraining: boolean } = { standing: { kind: 'registered' }, isDraining: false };
  let ageMs: number | undefined = 1_500;
  let judged: Judgement = { readiness: 'ready', refusal: undefined };
  const policy: NodePolicy = {
    isolation: 'isolated',
    rules: [{ name: 'web', packets: 3, bytes: 180 }],
    denied: [{ what: 'container-outside', packets: 7, bytes: 420 }],
  };
  const meters = new NodeMeters(node.clock);
  const regular = new RegularLook({ attachments, readNetDev: async () => netDev, clock: node.clock, log: silentLog });
  const look = new MeshLook(
    async () => ({ ref: { id: 'm', name: 'm' }, publicKey: undefined, listenPort: 1, peers }),
    node.clock,
  );
  const metrics = nodeMetrics(
    {
      ...{ meters, regular, mesh: { look }, clock: node.clock },
      policy: { last: policy },
      ...{ attachments, board, judgement: () => judged, contact: { ageMs: () => ageMs } },
      paths: { paths: [{ nodeId: 'n2', endpoint: '192.0.2.2:51820', carries: 1_400, needs: 1_480 }] },
      tunnels: {
        tunnels: [
          { peer: 'n2', state: 'broken', sinceSec: 90, cause: null, attempts: 3, isAlarm: true },
          { peer: 'n3', state: 'up', sinceSec: 90, cause: null, attempts: 0, isAlarm: false },
        ],
        handshakes: new Map([['n3', 1_700_000_900]]),
      },
      repairs: { contested: ['device wgcni-mesh'] },
      keeper: { view: { ...emptyView, nodes, revision: 42 }, quarantined: ['mesh/nodes/x'] },
    },
    '1.0.0',
  );
  await attachments.attach(keyNamed('c1'), inputFor(node.namespace('one')), patient(node));
  await attachments.attach(keyNamed('c2'), inputFor(node.namespace('two')), patient(node));
  await attachments.answered(keyNamed('c2'), {});
  meters.answered({ operation: 'attach', status: 200, isCut: false, ms: 4 });
  await Promise.all([look.take(), regular.look()]);
  node.clock.pass(2_000);
  expect((await metrics.text()).split('\n')).toEqual(
    expect.arrayContaining([
      ...[
        'wgcni_registered 1',
        'wgcni_ready 1',
        'wgcni_draining 0',
        'wgcni_contact_age_seconds 1.5',
        'wgcni_mesh_revision 42',
      ],
      ...['wgcni_denied_packets_total{what="container-outside"} 7', 'wgcni_rule_packets_total{rule="web"} 3'],
      ...['wgcni_quarantined 1', 'wgcni_attachments{state="attached"} 1', 'wgcni_attachments{state="answered"} 1'],
      ...['wgcni_paths{state="too-small"} 1', 'wgcni_peers{kind="node"} 2', 'wgcni_queued_deletions 0'],
      ...['wgcni_peer_handshake_age_seconds{peer="n2",kind="node"} 12', 'wgcni_mesh_look_age_seconds 2'],
      'wgcni_peer_handshake_age_seconds{peer="n3",kind="node"} 102',
      ...[
        'wgcni_peer_received_bytes_total{peer="n2",kind="node"} 700',
        'wgcni_peer_sent_bytes_total{peer="n2",kind="node"} 900',
      ],
      ...[
        'wgcni_rejected_packets_total{device="wgcni-mesh"} 7',
        'wgcni_userspace_restarts_total{device="container"} 0',
      ],
      'wgcni_cni_request_duration_seconds_count{operation="add",outcome="ok"} 1',
      ...['wgcni_tunnels{state="broken"} 1', 'wgcni_tunnels{state="up"} 1'],
      ...['wgcni_tunnels_not_repaired{peer="n2"} 1', 'wgcni_contested 1'],
      'wgcni_addresses{subnet="10.64.3.0/28",family="4",state="taken"} 2',
      'wgcni_addresses{subnet="10.64.3.0/28",family="4",state="free"} 11',
      'wgcni_addresses{subnet="fd64:0:0:3::/64",family="6",state="taken"} 2',
    ]),
  );
  board.standing = { kind: 'unreachable', why: 'nobody answers' };
  judged = { readiness: 'fenced', refusal: new CatalogueError('node.fenced', 'no contact for too long') };
  ageMs = undefined;
  const text = await metrics.text();
  expect(text.split('\n')).toEqual(expect.arrayContaining(['wgcni_registered 0', 'wgcni_ready 0']));
  expect(text).not.toMatch(/^wgcni_contact_age_seconds [0-9]/m);
  judged = { readiness: 'draining', refusal: new CatalogueError('node.unavailable', 'this node is draining') };
  expect(await metrics.text()).toMatch(/^wgcni_draining 1$/m);
  // Two addresses and no past: there is no trend.
  expect(text).not.toMatch(/^wgcni_subnet_exhaustion_seconds\{/m);
});
