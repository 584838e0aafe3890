/** A cluster of many nodes as an operator may see it on a day when a few things are wrong, drawn from a seed. */
import type { Report } from '@wgcni/api';
import { formatCidr, parseCidr } from '@wgcni/ipam';
import { keysOf } from '@wgcni/store';
import { seededUnit } from '@wgcni/testing';
import type { TestCluster, TestReplica } from '../cluster.ts';
import { reportOf } from '../report.ts';

const keys = keysOf('main');
const [pool4, pool6] = [parseCidr('10.64.0.0/14'), parseCidr('fd64::/52')];

/** What goes wrong on that day, each of so many nodes. */
const ills = { silent: 5, draining: 3, unheard: 6, ailing: 4 };

/** Writes `count` nodes into the store and lets all tell how they are but those that are silent or unheard; returns their ids. */
export async function fillCluster(cluster: TestCluster, replica: TestReplica, count: number): Promise<string[]> {
  const unit = seededUnit(7);
  const ids = Array.from({ length: count }, (_, index) => `node-${String(index + 1).padStart(3, '0')}`);
  const drawn = [...ids].sort(() => unit() - 0.5);
  const take = (many: number): Set<string> => new Set(drawn.splice(0, Math.min(many, Math.floor(count / 10))));
  const [silent, draining, unheard, ailing] = [ills.silent, ills.draining, ills.unheard, ills.ailing].map(take);
  ids.forEach((nodeId, index) => {
    const subnets = writeSubnets(cluster, nodeId, index);
    const endpoints = [`192.0.2.${index % 250}:${51_820 + index}`];
    const about = { nodeId, publicKey: keyOf(index), endpoints, subnets, draining: draining?.has(nodeId) === true };
    cluster.write(keys.node(nodeId), JSON.stringify({ schema: 1, ...about }));
    const life = { instance: idOf(index), version: '0.1.0', readableSchema: 2, leaseId: '0' };
    const isSilent = silent?.has(nodeId) === true;
    if (!isSilent) cluster.write(keys.registration(nodeId), JSON.stringify({ schema: 1, nodeId, ...life }));
  });
  await cluster.pass(500);
  const present = ids.filter((nodeId) => silent?.has(nodeId) !== true && unheard?.has(nodeId) !== true);
  const others = (nodeId: string): string[] => ids.filter((other) => other !== nodeId && silent?.has(other) !== true);
  for (const nodeId of present) {
    const index = ids.indexOf(nodeId);
    const broken = ailing?.has(nodeId) === true ? others(nodeId).filter(() => unit() < 6 / count) : [];
    const report = dayOf({ nodeId, index, count }, broken, [...(silent ?? [])]);
    await replica.app.inject({ method: 'PUT', url: `/v1/nodes/${nodeId}/report`, payload: report });
  }
  return ids;
}

function writeSubnets(cluster: TestCluster, nodeId: string, index: number) {
  return [pool4, pool6].map((pool) => {
    const length = pool.family === 4 ? 24 : 64;
    const size = 1n << BigInt((pool.family === 4 ? 32 : 128) - length);
    const cidr = formatCidr({ family: pool.family, base: pool.base + BigInt(index) * size, length });
    const grantId = idOf(index);
    const record = { schema: 1, cidr, nodeId, grantId, state: 'held', silentMs: 0 };
    cluster.write(keys.subnet(formatCidr(pool), cidr), JSON.stringify(record));
    return { cidr, grantId };
  });
}

function dayOf({ index, count }: { nodeId: string; index: number; count: number }, broken: string[], silent: string[]) {
  const lost = (nodeId: string, cause: string): Report['tunnels'][number] => ({
    ...{ nodeId, state: 'broken', since: '2026-01-01T09:41:07Z', cause },
  });
  const tunnels = [
    ...broken.map((nodeId) => lost(nodeId, 'the endpoint does not answer on the underlay')),
    ...silent.map((nodeId) => lost(nodeId, 'its node is silent in the register')),
  ];
  const attachments = Array.from({ length: 3 + (index % 9) }, (_, at) => ({
    ...{ network: 'containers', containerId: `${idOf(index)}${idOf(at)}`, ifName: 'eth0', state: 'answered' as const },
    addresses: [`10.${64 + (index >> 8)}.${index % 256}.${at + 2}`, `fd64:0:0:${index.toString(16)}::${at + 2}`],
  }));
  return reportOf(idOf(index), {
    ...{ version: '0.1.0', peers: count - 1, tunnels, tunnelsNotUp: tunnels.length },
    ...{ attachments, attachmentsTotal: attachments.length },
    addresses: [{ subnet: `10.64.${index % 256}.0/24`, taken: attachments.length, free: '240' }],
  });
}

function idOf(index: number): string {
  return ((index + 1) * 2_654_435_761).toString(16).padStart(16, '0').slice(-16).repeat(2);
}

function keyOf(index: number): string {
  return `${String(index).padStart(42, 'A')}A=`;
}
