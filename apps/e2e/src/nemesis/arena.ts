/** Where a nemesis finds its victims: the lab, and who leads at this moment. */
import { CatalogueError } from '@wgcni/base';
import { decodeRecord, keysOf, LeaderRecord } from '@wgcni/store';
import { etcdctlFlags, until, type Lab } from '@wgcni/testing';
import { execa } from 'execa';
import type { EtcdRecorder } from './history/etcd-recorder.ts';
import type { Arena } from './nemeses/nemesis.ts';

/** An arena without its randomness, which is of each fault. */
export function openArena(lab: Lab, etcd: EtcdRecorder): Omit<Arena, 'random'> {
  return {
    lab,
    etcd,
    leader: () => until(15_000, 'a leader', () => readLeader(lab, etcd)),
    etcdLeader: () => until(15_000, "etcd's leader", () => readEtcdLeader(lab)),
  };
}

async function readLeader({ plan }: Lab, { store }: EtcdRecorder): Promise<string> {
  const { item } = await store.get(keysOf(plan.cluster).leader);
  const decoded = item === undefined ? undefined : decodeRecord(LeaderRecord, item);
  if (decoded?.kind === 'record') return decoded.record.replicaId;
  throw new CatalogueError('leader.absent', 'nobody leads');
}

interface EndpointStatus {
  Endpoint: string;
  Status: { header: { member_id: number }; leader: number };
}

async function readEtcdLeader({ plan, programs }: Lab): Promise<string> {
  const endpoints = plan.etcd.map(({ clientUrl }) => clientUrl).join(',');
  const about = ['--endpoints', endpoints, '--command-timeout=2s'];
  const args = [...etcdctlFlags(plan), ...about, 'endpoint', 'status', '--write-out=json'];
  const { stdout } = await execa(programs.etcdctl, args, { env: { ETCDCTL_API: '3' }, reject: false });
  const leading = (JSON.parse(stdout || '[]') as EndpointStatus[]).find(
    ({ Status: { header, leader } }) => header.member_id === leader,
  );
  const member = plan.etcd.find(({ clientUrl }) => clientUrl === leading?.Endpoint);
  if (member === undefined) throw new Error('no member says that it leads');
  return member.name;
}
