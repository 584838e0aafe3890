/** Three cluster-managers on a real etcd: many nodes at one moment, and the leader gone in the middle of it. */
import { randomBytes } from 'node:crypto';
import type { ManagerClient, Registration } from '@wgcni/api';
import { overlaps, parseCidr } from '@wgcni/ipam';
import { EtcdStore, keysOf, type SubnetRecord } from '@wgcni/store';
import { testEtcd, testEtcdPki } from '@wgcni/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { asNode } from './testing/cluster.ts';
import { ManagerProcesses } from './testing/manager-processes.ts';

const etcd = testEtcd();
const store = new EtcdStore(etcd);

/** A node that is about to register. */
interface Joining {
  nodeId: string;
  input: ReturnType<typeof asNode>;
  client: ManagerClient;
}

describe('three cluster-managers', () => {
  let managers: ManagerProcesses;
  beforeEach(async () => {
    managers = await ManagerProcesses.start({ urls: etcd.urls, pki: testEtcdPki() }, 3);
  });
  afterEach(() => managers.stop());
  afterAll(() => store.close());

  /** Nodes with certificates of their own, each of which asks the next replica first. */
  function nodesOf(count: number): Promise<Joining[]> {
    const joining = Array.from({ length: count }, async (_, index) => {
      const nodeId = `n${String(index).padStart(3, '0')}`;
      const input = asNode({ instance: randomBytes(16).toString('hex') });
      return { nodeId, input, client: await managers.nodeClient(nodeId, index) };
    });
    return Promise.all(joining);
  }

  /** Registers nodes at one moment; one that fails asks again as a node-manager does, with the same input. */
  async function registerAtOnce(nodes: readonly Joining[]): Promise<Registration[]> {
    const deadline = performance.now() + 20_000;
    const answers = await Promise.all(
      nodes.map(async ({ nodeId, input, client }) => {
        for (;;) {
          try {
            return await client.register(nodeId, input);
          } catch (error) {
            if (performance.now() > deadline) throw error;
            await new Promise((resolve) => setTimeout(resolve, 100));
          }
        }
      }),
    );
    await Promise.all(nodes.map(({ client }) => client.close()));
    return answers;
  }

  /** Every answer is distinct, and etcd holds exactly what was answered. */
  async function expectDistinct(answers: Registration[]): Promise<void> {
    const granted = answers.flatMap(({ subnets, nodeId }) =>
      subnets.map(({ cidr, grantId }) => [cidr, nodeId, grantId]),
    );
    expect(granted).toHaveLength(answers.length * 2);
    const cidrs = granted.map(([cidr = '']) => parseCidr(cidr)).sort((a, b) => (a.base < b.base ? -1 : 1));
    cidrs.forEach((cidr, index) => {
      const next = cidrs[index + 1];
      expect(next !== undefined && overlaps(cidr, next)).toBe(false);
    });
    const { items } = await store.range(keysOf(managers.cluster).subnets);
    const stored = items.map(({ value }) => JSON.parse(value) as SubnetRecord);
    expect(stored.map(({ cidr, nodeId, grantId }) => [cidr, nodeId, grantId].join(' ')).sort()).toEqual(
      granted.map((one) => one.join(' ')).sort(),
    );
  }

  it('grant 200 nodes at the same moment 200 distinct subnets of each family, and leak none', async () => {
    const nodes = await nodesOf(200);
    const startedAt = performance.now();
    const answers = await registerAtOnce(nodes);
    console.log(`200 nodes registered through three managers in ${Math.round(performance.now() - startedAt)} ms`);
    await expectDistinct(answers);
  });

  // How soon a write succeeds again is bounded where one node writes (apps/e2e, failover); here it waits behind sixty others.
  it.each(['SIGKILL', 'SIGTERM'] as const)(
    'lose the leader by %s while nodes register, and grant nothing twice',
    async (signal) => {
      const leader = await managers.leader();
      const client = await managers.nodeClient('late', 1);
      const during = registerAtOnce(await nodesOf(60));
      await new Promise((resolve) => setTimeout(resolve, 30));
      const startedAt = performance.now();
      leader.child.kill(signal);
      const late = await client.register('late', asNode());
      console.log(`next write after ${signal} of the leader: ${Math.round(performance.now() - startedAt)} ms`);
      await client.close();
      expect((await managers.leader()).replicaId).not.toBe(leader.replicaId);
      await expectDistinct([...(await during), late]);
    },
  );
});
