/** What a person is shown of the cluster-managers: their certificates, and those that do not answer. */
import type { ManagerClient } from '@wgcni/api';
import { expect, it } from 'vitest';
import { type ClusterStatus, readClusterStatus, showClusterStatus, type ShownReplica } from './cluster-status.ts';

const status: ClusterStatus = {
  network: {
    ...{
      networkId: 'f'.repeat(32),
      pools: [],
      mtu: 1_420,
      keepaliveSec: 25,
      registrationTtlSec: 30,
      holdDownSec: 86_400,
    },
    ...{ clientPools: [], masquerade: { mode: 'auto', except: [] }, isolation: 'open', rules: [], direct: 'off' },
    ...{ link: 'wireguard', revision: 1 },
  },
  leader: { leader: null, self: 'm1', term: null, recovering: false, revision: 1 },
  managers: [],
  unanswered: [],
  nodes: [],
  subnets: [],
  pools: [],
};
const url = 'https://192.0.2.1:7001';
const validTo = '2027-01-01T00:00:00.000Z';
const shown = (...certificates: ShownReplica['certificate'][]): string[] =>
  showClusterStatus({
    ...status,
    managers: certificates.map((certificate, index) => ({
      ...{ replicaId: `m${index + 1}`, url, version: '1', isLeader: index === 0, certificate },
    })),
  })
    .split('\n')
    .filter((line) => line.includes('certificate'));

it('shows when the certificate of each ends, warns once a third of a life is left, and says which it has not seen', () => {
  expect(
    shown(
      { validTo, endsInSec: 864_000, isExpiring: false },
      { validTo, endsInSec: 7_200, isExpiring: true },
      { unseen: 'certificate has expired' },
    ),
  ).toEqual([
    `certificate of m1 ends in 10 d (${validTo})`,
    `WARNING: certificate of m2 ends in 2 h (${validTo}): nobody has renewed it`,
    `WARNING: the certificate of m3 was not seen at ${url}: certificate has expired`,
  ]);
});

it('says nothing of certificates where there are none', () => {
  expect(shown(null)).toEqual([]);
});

it('names the managers that were named, are in no list and do not answer', async () => {
  const replica = { replicaId: 'm1', url, version: '1', isLeader: true };
  const list = (items: unknown[]) => () => Promise.resolve({ items });
  const client = {
    network: () => Promise.resolve(status.network),
    leader: () => Promise.resolve(status.leader),
    ...{ replicas: list([replica]), nodes: list([]), subnets: list([]), pools: list([]) },
  } as unknown as ManagerClient;
  const [gone, alias] = ['https://192.0.2.2:7001', 'https://m1.example.org:7001/'];
  const look = (asked: string) =>
    asked === gone ? Promise.reject(new Error('refused')) : Promise.resolve({ validFromMs: 0, validToMs: 1 });
  const named = [`${url}/`, gone, alias];
  expect((await readClusterStatus(client, look, named)).unanswered).toEqual([{ url: gone, why: 'refused' }]);
  expect((await readClusterStatus(client, undefined, named)).unanswered).toEqual([]);
});
