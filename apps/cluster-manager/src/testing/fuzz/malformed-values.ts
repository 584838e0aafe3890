/** Values that nobody of ours writes, put under every kind of key of the store while a replica follows it: each is set aside and told of. */
import { malformedRecord, seededUnit, settled } from '@wgcni/testing';
import { ask, asNode, join, type TestCluster, type TestReplica } from '../cluster.ts';

export interface ValuesReport {
  written: number;
  /** Values that the replica said it set aside. */
  quarantined: number;
  /** Answers that were no answer of a living server. */
  wrong: string[];
}

/** Writes `count` values over what a cluster of two nodes has in its store, then puts everything back. */
export async function malformedValues(
  cluster: TestCluster,
  replica: TestReplica,
  count: number,
  seed: number,
): Promise<ValuesReport> {
  const unit = seededUnit(seed);
  const pick = <T>(choices: readonly T[]): T => choices[Math.floor(unit() * choices.length)] as T;
  for (const id of ['f1', 'f2']) await join(replica, id, asNode());
  writeJoining(cluster);
  writeClients(cluster);
  await settled();
  const good = cluster.stored('/').filter(({ key }) => !key.includes('/control/leader'));
  const report: ValuesReport = { written: 0, quarantined: 0, wrong: [] };
  while (report.written < count) {
    const { key, value } = pick(good);
    const strange = unit() < 0.2 ? `${key}${pick(['', '/x', '-', '\u0000', '..'])}` : key;
    cluster.write(strange, malformedRecord(value, { unit, pick }));
    report.written += 1;
    if (report.written % 50 === 0) {
      await settled();
      await look(cluster, replica, report);
      if (strange !== key) cluster.write(strange);
      for (const one of good) cluster.write(one.key, one.value);
    }
  }
  for (const { key } of cluster.stored('/'))
    if (!good.some((one) => one.key === key) && !key.includes('/leader')) cluster.write(key);
  for (const one of good) cluster.write(one.key, one.value);
  await settled();
  await cluster.pass(1_000);
  const { status } = await ask(replica, 'GET', '/v1/nodes/f1');
  if (status !== 200) report.wrong.push(`${status} after everything was put back`);
  return report;
}

/** What nodes that join leave behind. */
function writeJoining(cluster: TestCluster): void {
  const { keys } = cluster;
  const digest = 'ab'.repeat(32);
  const token = { schema: 1, tokenId: '0011223344556677', hash: digest, nodeId: null, uses: 1, usedBy: [digest] };
  cluster.write(keys.token(token.tokenId), JSON.stringify({ ...token, expiresAt: '2026-01-01T00:00:00.000Z' }));
  const admission = { schema: 1, nodeId: 'f3', state: 'joined', keyDigest: digest };
  cluster.write(keys.admission(admission.nodeId), JSON.stringify(admission));
}

/** A client that dials one node, with everything of it. */
function writeClients(cluster: TestCluster): void {
  const { keys } = cluster;
  const publicKey = 'xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=';
  const addresses = ['10.66.0.5', 'fd66::5'];
  const client = { schema: 1, name: 'laptop', publicKey, addresses, via: 'f1', reachable: false, allowedIps: null };
  cluster.write(keys.client('laptop'), JSON.stringify({ ...client, expires: true }));
  for (const address of addresses)
    cluster.write(keys.clientAddress(address), JSON.stringify({ schema: 1, name: 'laptop' }));
  const life = { schema: 1, name: 'laptop', ttlSec: 60, expiresAt: '2026-01-01T00:00:00.000Z' };
  cluster.write(keys.clientLife('laptop'), JSON.stringify(life));
  cluster.write(keys.keyClaim(publicKey), JSON.stringify({ schema: 1, nodeId: 'client/laptop' }));
  const gone = { schema: 1, kind: 'client', id: publicKey, why: 'expired', nodeId: 'client/phone', publicKey };
  const tombstone = { ...gone, subnets: [], addresses, at: '2026-01-01T00:00:00.000Z' };
  cluster.write(keys.goneEntry('client', publicKey), JSON.stringify(tombstone));
}

/** Every list and a registration are answered, with whatever; nothing of it is a fault of ours. */
async function look(cluster: TestCluster, replica: TestReplica, report: ValuesReport): Promise<void> {
  const told = cluster.logged.filter(({ event }) => event === 'record.quarantined').length;
  report.quarantined += told;
  cluster.logged.length = 0;
  const answers = [
    ...(await Promise.all(
      [
        '/v1/nodes',
        '/v1/subnets',
        '/v1/network',
        '/v1/pools',
        '/v1/nodes/f1/peers',
        '/v1/replicas',
        '/v1/tokens',
        '/v1/clients',
        '/v1/clients/laptop/config',
        '/healthz',
      ].map((url) => ask(replica, 'GET', url)),
    )),
    await ask(replica, 'PUT', '/v1/nodes/f1', asNode({ takeOver: true })),
  ];
  for (const { status, json } of answers)
    if (status === 500 && report.wrong.length < 20) report.wrong.push(JSON.stringify(json).slice(0, 300));
}
