/** When a replica stands for election. */
import { silentLog, systemRandom } from '@wgcni/base';
import { MemoryBackend, MemoryStore } from '@wgcni/store';
import { ManualClock } from '@wgcni/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';
import { runReplica, type RunningReplica } from './run-replica.ts';

let clock: ManualClock;
let stop: AbortController;
let tellListening: () => void;
let replica: RunningReplica;
beforeEach(async () => {
  clock = new ManualClock();
  stop = new AbortController();
  const argv = ['--etcd=http://localhost:2379', '--cluster=main', '--listen=localhost:7001', '--insecure'];
  const config = parseConfig({ argv: [...argv, '--advertise=http://localhost:7001'], env: {}, hostname: 'm1' });
  const store = new MemoryStore(new MemoryBackend(clock));
  const listening = new Promise<void>((resolve) => (tellListening = resolve));
  replica = runReplica(
    { store, clock, random: systemRandom, log: silentLog, version: '1' },
    config,
    stop.signal,
    listening,
  );
  await clock.advance(1_000);
});
afterEach(async () => {
  stop.abort();
  await clock.advance(2_000);
  await replica.ended;
  await replica.forwarder.close();
});

describe('a replica', () => {
  it('follows the store, and stands for election only once it can be asked', async () => {
    await replica.listed;
    expect(replica.election.leadership).toBeUndefined();
    tellListening();
    await clock.advance(1_000);
    expect(replica.election.leadership).toBeDefined();
  });

  it('ends although it never came to listen', async () => {
    stop.abort();
    await clock.advance(2_000);
    await replica.ended;
  });
});
