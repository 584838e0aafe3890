/** The etcd that every integration test stands on is a real cluster, and its members can be made to fail. */
import { systemClock } from '@wgcni/base';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { isHealthy, untilHealthy } from './etcd-containers.ts';
import { credentialPathsIn } from '../pki/read-credentials.ts';
import { dockerMember, testEtcdEndpoints, testEtcdPki } from './member.ts';

const endpoints = testEtcdEndpoints();
const [first = '', second = ''] = endpoints;
const member = dockerMember('etcd-1');
const signal = AbortSignal.timeout(120_000);

describe('the etcd of the integration tests', () => {
  it('has three healthy members that know each other', async () => {
    expect(endpoints).toHaveLength(3);
    for (const endpoint of endpoints) await untilHealthy(endpoint, 10_000, signal);
    expect((await etcdctl(first, 'member', 'list')).split('\n')).toHaveLength(3);
  });

  it('answers through the others while one is paused, and through that one again afterwards', async () => {
    await member.pause();
    expect(await isHealthy(first, 500)).toBe(false);
    await untilCommits(second, 'while-paused');
    await member.unpause();
    await untilHealthy(first, 10_000, signal);
    expect(await etcdctl(first, 'get', '--print-value-only', '/test-rig/while-paused')).toBe('yes');
  });

  it('keeps what a killed member wrote', async () => {
    await untilCommits(first, 'before-kill');
    await member.kill();
    expect(await isHealthy(first, 500)).toBe(false);
    await member.start();
    await untilHealthy(first, 10_000, signal);
    expect(await etcdctl(first, 'get', '--print-value-only', '/test-rig/before-kill')).toBe('yes');
  });

  it('reaches a member under its old address after its cable was pulled', async () => {
    await member.disconnect();
    expect(await isHealthy(first, 500)).toBe(false);
    await untilHealthy(second, 10_000, signal);
    await member.connect();
    await untilHealthy(first, 10_000, signal);
  });

  it('lets clients reach a member that is cut off from its peers, which then commits nothing', async () => {
    await member.isolate();
    await untilHealthy(second, 10_000, signal);
    // Its own, possibly stale, copy is there still.
    expect(await etcdctl(first, 'get', '--consistency=s', '--print-value-only', '/test-rig/before-kill')).toBe('yes');
    await expect(etcdctl(first, 'put', '/test-rig/isolated', 'yes')).rejects.toThrow();
    await member.rejoin();
    await untilHealthy(first, 10_000, signal);
  });
});

async function etcdctl(endpoint: string, ...args: string[]): Promise<string> {
  const { cert, key, ca } = credentialPathsIn(testEtcdPki());
  const flags = ['--cert', cert, '--key', key, '--cacert', ca, '--endpoints', endpoint, '--command-timeout=2s'];
  const { stdout } = await execa('etcdctl', [...flags, ...args], { env: { ETCDCTL_API: '3' } });
  return stdout;
}

/** Writes through one member; an election in progress makes the first tries fail. */
async function untilCommits(endpoint: string, key: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await etcdctl(endpoint, 'put', `/test-rig/${key}`, 'yes');
      return;
    } catch (error) {
      if (tries === 5) throw error;
      await systemClock.sleep(200, signal);
    }
  }
}
