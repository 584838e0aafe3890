/**
 * Real echoes between two namespaces whose link takes less one way than its ends believe.
 *
 *   here: 198.51.100.1, 2001:db8:5::1 (MTU 1500) ══veth══ (MTU 1400) 198.51.100.2, 2001:db8:5::2
 */
import { Processes } from '@wgcni/iproute';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fping } from './fping.ts';
import { inquire } from './inquire.ts';

const tag = randomBytes(3).toString('hex');
const names = [`wgcni-fp-${tag}-1`, `wgcni-fp-${tag}-2`] as const;
const processes = new Processes();

async function ip(...argv: string[]): Promise<void> {
  const { status, stderr } = await processes.run({ argv: ['ip', ...argv] });
  if (status !== 0) throw new Error(`"ip ${argv.join(' ')}" ended with ${status}: ${stderr}`);
}

describe('fping', () => {
  const probe = new Fping({ ownNetns: `/run/netns/${names[0]}` });
  beforeAll(async () => {
    for (const name of names) await ip('netns', 'add', name);
    await ip('link', 'add', 'eth0', 'netns', names[0], 'type', 'veth', 'peer', 'name', 'eth0', 'netns', names[1]);
    for (const [index, name] of names.entries()) {
      await ip('-n', name, 'address', 'add', `198.51.100.${index + 1}/24`, 'dev', 'eth0');
      await ip('-n', name, 'address', 'add', `2001:db8:5::${index + 1}/64`, 'dev', 'eth0', 'nodad');
      await ip('-n', name, 'link', 'set', 'eth0', 'up');
    }
    await ip('-n', names[1], 'link', 'set', 'eth0', 'mtu', '1400');
  });
  afterAll(async () => {
    for (const name of names) await ip('netns', 'delete', name);
  });

  it('asks both families at once, and tells who is silent and who cannot be asked', async () => {
    const addresses = ['198.51.100.2', '2001:db8:5::2', '198.51.100.9', '2001:db8:5::9', '203.0.113.1'];
    expect([...(await probe.answering(addresses, 56))].sort()).toEqual(['198.51.100.2', '2001:db8:5::2']);
    expect((await probe.answering([], 56)).size).toBe(0);
  });

  it('tells who answers to one of two small questions', async () => {
    const addresses = ['198.51.100.2', '2001:db8:5::2', '198.51.100.9', '203.0.113.1'];
    expect([...(await probe.alive(addresses))].sort()).toEqual(['198.51.100.2', '2001:db8:5::2']);
    expect([...(await probe.alive(['198.51.100.2']))]).toEqual(['198.51.100.2']);
    expect((await probe.alive(['203.0.113.1'])).size).toBe(0);
  });

  it('finds what the path takes where every larger packet is lost without a word, over both families', async () => {
    const ask = (asked: readonly string[], mtu: number) => probe.answering(asked, mtu + 32);
    const found = await inquire(ask, ['198.51.100.2', '2001:db8:5::2'], 1_420);
    // 1,400 bytes are 1,340 of the mesh over IPv4 and 1,320 over IPv6.
    expect(Object.fromEntries(found)).toEqual({ '198.51.100.2': 1_340, '2001:db8:5::2': 1_320 });
  });

  it('says that a size is more than the sender’s own link takes', async () => {
    expect((await probe.answering(['198.51.100.2'], 1_473)).size).toBe(0);
  });
});
