/** Reports over REST: taken of a node that is registered, read at any replica, gone with the registration. */
import { mostTunnelsNamed, type Overview, type Report, type ReportSummary } from '@wgcni/api';
import { afterEach, expect, it } from 'vitest';
import { asNode, ask, join, TestCluster, type TestReplica } from '../testing/cluster.ts';
import { notUp, reportOf } from '../testing/report.ts';

let cluster: TestCluster;
afterEach(() => cluster.stop());

const [first, second] = [asNode(), asNode({ endpoints: ['192.0.2.12:51820'] })];

async function twoNodes(): Promise<TestReplica> {
  cluster = new TestCluster();
  const replica = await cluster.startWithNetwork();
  await join(replica, 'n1', first);
  await join(replica, 'n2', second);
  return replica;
}

const send = async (replica: TestReplica, nodeId: string, report: object) =>
  (await ask(replica, 'PUT', `/v1/nodes/${nodeId}/report`, report)).json.code ?? 'taken';
const overview = async (replica: TestReplica) =>
  (await ask(replica, 'GET', '/v1/overview')).json as unknown as Overview;
const listed = async (replica: TestReplica) =>
  (await ask(replica, 'GET', '/v1/reports')).json as unknown as { items: ReportSummary[] };
const renewed = async (replica: TestReplica, revision = 0) => {
  const grantIds = (await ask(replica, 'GET', '/v1/nodes/n1')).json['subnets'] as { grantId: string }[];
  const input = { instance: first.instance, grantIds: grantIds.map(({ grantId }) => grantId) };
  return (await ask(replica, 'POST', '/v1/nodes/n1/renewal', { ...input, attachments: 0, meshRevision: revision }))
    .json;
};

it('is taken, and shown with its attachments to who asks for one, without to who asks for all', async () => {
  const replica = await twoNodes();
  const attachment = { network: 'net', containerId: 'c1', ifName: 'eth0', state: 'answered', addresses: ['10.64.0.2'] };
  const report = { attachments: [attachment as never], attachmentsTotal: 1 };
  expect(await send(replica, 'n1', reportOf(first.instance, report))).toBe('taken');
  await cluster.pass(3_000);
  const shown = (await ask(replica, 'GET', '/v1/nodes/n1/report')).json as unknown as Report;
  expect(shown).toMatchObject({ nodeId: 'n1', ageSec: 3, attachments: [attachment] });
  const { items } = await listed(replica);
  expect(items).toMatchObject([{ nodeId: 'n1', attachmentsTotal: 1 }]);
  expect(items[0]).not.toHaveProperty('attachments');
});

it('of a counter that was passed already changes nothing, and neither does a repeat', async () => {
  const replica = await twoNodes();
  for (const [counter, problem] of [
    [2, 'new'],
    [1, 'old'],
    [2, 'new'],
  ] as const)
    expect(await send(replica, 'n1', reportOf(first.instance, { counter, problems: [problem] }))).toBe('taken');
  expect((await listed(replica)).items).toMatchObject([{ counter: 2, problems: ['new'] }]);
});

it('is refused of a node that is not registered, and of another instance than the one that is', async () => {
  const replica = await twoNodes();
  expect(await send(replica, 'n9', reportOf(first.instance))).toBe('registration.gone');
  expect(await send(replica, 'n1', reportOf(second.instance))).toBe('node.registered');
  expect((await ask(replica, 'GET', '/v1/nodes/n1/report')).json.code).toBe('report.absent');
});

it('takes nothing of the form of a key in any text', async () => {
  const replica = await twoNodes();
  const problems = [`the peer ${first.publicKey} is gone`];
  expect(await send(replica, 'n1', reportOf(first.instance, { problems }))).toBe('request.invalid');
});

it('is shown in words that are one line each and do nothing to a terminal', async () => {
  const replica = await twoNodes();
  const words = 'down\u001B]52;c;eA==\u0007\u001B[2J\nall is \u202Epu';
  const tunnels = [{ ...notUp('n2'), cause: words }];
  expect(await send(replica, 'n1', reportOf(first.instance, { tunnels, problems: [words] }))).toBe('taken');
  const [told] = (await listed(replica)).items;
  const plain = 'down ]52;c;eA== [2J all is  pu';
  expect([told?.problems, told?.tunnels[0]?.cause]).toEqual([[plain], plain]);
});

it('of an earlier version, which names every tunnel, is kept with a few of them and their number', async () => {
  const replica = await twoNodes();
  const tunnels = Array.from({ length: 1_000 }, (_, at) => notUp(`p${at}`));
  expect(await send(replica, 'n1', reportOf(first.instance, { tunnels, tunnelsNotUp: 1_000 }))).toBe('taken');
  const [told] = (await listed(replica)).items;
  expect([told?.tunnels.length, told?.tunnelsNotUp]).toEqual([mostTunnelsNamed, 1_000]);
});

it('is asked for by the answer of a renewal until it is here', async () => {
  const replica = await twoNodes();
  expect(await renewed(replica)).toMatchObject({ hasReport: false });
  await send(replica, 'n1', reportOf(first.instance));
  expect(await renewed(replica)).toMatchObject({ hasReport: true, report: { run: '0'.repeat(32), counter: 1 } });
});

it('goes with the registration: what was heard of a node that fell silent says nothing of it', async () => {
  const replica = await twoNodes();
  await send(replica, 'n1', reportOf(first.instance, { tunnels: [notUp('n2')], tunnelsNotUp: 1 }));
  expect(await overview(replica)).toMatchObject({
    tunnelsNotUp: 1,
    tunnels: [{ from: 'n1', to: 'n2', state: 'broken' }],
  });
  await cluster.pass(15_000);
  const after = await overview(replica);
  expect(after.nodes).toMatchObject([
    { nodeId: 'n1', state: 'silent', report: null },
    { nodeId: 'n2', state: 'silent', report: null },
  ]);
  expect(after.tunnels).toEqual([]);
  expect((await ask(replica, 'GET', '/v1/nodes/n1/report')).json.code).toBe('report.absent');
});

it('is in the overview beside the pools, each subnet at its place', async () => {
  const replica = await twoNodes();
  await send(
    replica,
    'n2',
    reportOf(second.instance, { addresses: [{ subnet: '10.64.1.0/24', taken: 5, free: '249' }] }),
  );
  expect(await overview(replica)).toMatchObject({
    ...{ cluster: 'main', self: 'm1', leader: 'm1', recovering: false, synced: true },
    replicas: [{ replicaId: 'm1', isHeard: true }],
    pools: [
      {
        cidr: '10.64.0.0/20',
        prefixLength: 24,
        subnets: '16',
        taken: 2,
        blocks: [{ at: '0' }, { at: '1', nodeId: 'n2' }],
      },
      {
        cidr: 'fd64::/60',
        subnets: '16',
        blocks: [
          { at: '0', state: 'held' },
          { at: '1', cidr: 'fd64:0:0:1::/64' },
        ],
      },
    ],
    nodes: [
      { nodeId: 'n1', state: 'live', report: null },
      { nodeId: 'n2', state: 'live', report: { addressesTaken: 5, tunnelsNotUp: 0, ageSec: 0 } },
    ],
  });
});

it('shows a cluster without a network as that', async () => {
  cluster = new TestCluster();
  const replica = await cluster.start('m1');
  expect(await overview(replica)).toMatchObject({ networkId: null, pools: [], nodes: [], tunnels: [] });
});
