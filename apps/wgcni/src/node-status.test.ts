/** What a person is shown of a node's certificates. */
import type { NodeStatus } from '@wgcni/api';
import { expect, it } from 'vitest';
import { showNodeStatus } from './node-status.ts';

const status: NodeStatus = {
  ...{ nodeId: 'n1', version: '1', readiness: 'ready', reason: null, networkId: null, subnets: [], publicKey: null },
  ...{ backend: 'kernel', isRegistered: true, isViewStored: false, contactAgeSec: 1, meshRevision: 1 },
  ...{ attachments: { total: 0, orphaned: 0, adopted: 0 }, addresses: [], quarantined: [], drift: [], contested: [] },
  ...{ peers: [], clients: [], direct: { pairs: 0, due: 0, farPairs: 0, farDue: 0, published: 0, unpublished: 0 } },
  ...{ tunnels: [], tunnelsProblem: null, tunnelTurnSec: 0 },
  policy: null,
  queuedDeletions: 0,
  certificates: [],
  mtu: { network: 1_420, underlay: 1_500, problem: null, waiting: [] },
  paths: [],
  pathsProblem: null,
};
const shown = (...certificates: NodeStatus['certificates']): string[] =>
  showNodeStatus({ ...status, certificates }, [])
    .split('\n')
    .filter((line) => line.includes('certificate'));
const validTo = '2027-01-01T00:00:00.000Z';

it('shows when each certificate ends, and warns once a third of a life is left', () => {
  expect(shown()).toEqual([]);
  expect(
    shown(
      { use: 'tls', validTo, endsInSec: 864_000, isExpiring: false },
      { use: 'etcd', validTo, endsInSec: 7_200, isExpiring: true },
    ),
  ).toEqual([
    `certificate tls ends in 10 d (${validTo})`,
    `WARNING: certificate etcd ends in 2 h (${validTo}): nobody has renewed it`,
  ]);
  expect(shown({ use: 'tls', validTo, endsInSec: -5, isExpiring: true })).toEqual([
    `WARNING: certificate tls HAS ENDED (${validTo}): nobody has renewed it`,
  ]);
});

it('shows the clients that there are: where they are, when they shook hands, and what is out of the ordinary', () => {
  expect(showNodeStatus(status, [])).not.toContain('client');
  const laptop: NodeStatus['clients'][number] = {
    ...{ name: 'laptop', publicKey: 'key', addresses: ['10.80.0.5', 'fd80::5'], via: null, state: 'programmed' },
    ...{ endpoint: '198.51.100.7:40000', handshakeAgeSec: 12, receivedBytes: 2_048, sentBytes: 1 },
  };
  const phone: NodeStatus['clients'][number] = {
    ...{ ...laptop, name: 'phone', addresses: ['10.80.0.6'], via: 'n2', state: 'elsewhere', endpoint: null },
    ...{ handshakeAgeSec: null, receivedBytes: 0, sentBytes: 0 },
  };
  const lines = showNodeStatus({ ...status, clients: [laptop, phone] }, []).split('\n');
  expect(lines.filter((line) => /^(client|laptop|phone) /.test(line)).map((line) => line.split(/ {2,}/))).toEqual([
    ['client', 'state', 'endpoint', 'handshake', 'received', 'sent', 'addresses'],
    ['laptop', 'programmed', '198.51.100.7:40000', '12 s', '2.0 KiB', '1 B', '10.80.0.5 fd80::5'],
    ['phone', 'at n2', '–', '–', '0 B', '0 B', '10.80.0.6'],
  ]);
});

it('shows what rules let pass and what was denied, where there is anything to show', () => {
  const policy: NonNullable<NodeStatus['policy']> = { isolation: 'open', rules: [], denied: [] };
  const linesOf = (some: NodeStatus['policy']) =>
    showNodeStatus({ ...status, policy: some }, [])
      .split('\n')
      .filter((line) => /isolation|web|container-node/.test(line));
  expect([linesOf(null), linesOf(policy), linesOf({ ...policy, isolation: 'isolated' })]).toEqual([
    ...[[], [], ['isolation: isolated']],
  ]);
  const rules = [{ name: 'web', packets: 12, bytes: 2_048 }];
  const denied = [{ what: 'container-node', packets: 3, bytes: 180 }];
  expect(linesOf({ ...policy, rules, denied }).map((line) => line.split(/ {2,}/))).toEqual([
    ...[['isolation: open'], ['rule web', 'let pass', '12', '2.0 KiB'], ['container-node', 'DENIED', '3', '180 B']],
  ]);
});

it('shows how many pairs of containers skip the node, where any are to', () => {
  const linesOf = (direct: Partial<NodeStatus['direct']>) =>
    showNodeStatus({ ...status, direct: { ...status.direct, ...direct } }, [])
      .split('\n')
      .filter((line) => line.includes('direct peers'));
  expect(linesOf({ pairs: 0, due: 0 })).toEqual([]);
  expect(linesOf({ pairs: 2, due: 1 })).toEqual(['direct peers: 2 of 3 pairs of containers skip the node']);
  expect(linesOf({ farPairs: 4, farDue: 2, published: 2 })).toEqual([
    'direct peers on other nodes: 4 of 6 pairs of containers skip both nodes; 2 published',
  ]);
  expect(linesOf({ published: 64, unpublished: 3 })).toEqual([
    'direct peers on other nodes: 0 of 0 pairs of containers skip both nodes; 64 published, 3 not: a node has room for 64, all nodes for 256',
  ]);
});
