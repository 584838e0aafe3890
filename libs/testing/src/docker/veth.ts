/** The one link between the tests' network namespace and another process's. */
import { systemRandom } from '@wgcni/base';
import { execa } from 'execa';

export interface Veth {
  /** Address of the far end. */
  address: string;
  /** Removes the pair, and with it its route; a missing one is fine. */
  remove(): Promise<void>;
}

/** Joins our namespace to that of `pid` with a pair of addresses from 198.18.0.0/15 (RFC 2544: for tests of networks) that nothing here uses. */
export async function joinByVeth(pid: number): Promise<Veth> {
  const name = `wg${Buffer.from(systemRandom.bytes(6)).toString('hex')}`;
  const [near, far] = await freePair();
  const remove = async (): Promise<void> => {
    await execa('ip', ['link', 'delete', name], { reject: false });
  };
  try {
    await execa('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', String(pid)]);
    await execa('ip', ['address', 'add', `${near}/30`, 'dev', name]);
    await execa('ip', ['link', 'set', name, 'up']);
    const inside = [`--net=/proc/${pid}/ns/net`, 'ip'];
    await execa('nsenter', [...inside, 'address', 'add', `${far}/30`, 'dev', 'eth0']);
    await execa('nsenter', [...inside, 'link', 'set', 'eth0', 'up']);
  } catch (error) {
    await remove();
    throw error;
  }
  return { address: far, remove };
}

async function freePair(): Promise<[near: string, far: string]> {
  for (;;) {
    const [second = 0, third = 0, fourth = 0] = systemRandom.bytes(3);
    const base = `198.${18 + (second % 2)}.${third}`;
    const last = fourth & 0xfc;
    const { stdout } = await execa('ip', ['-4', '-oneline', 'address', 'show', 'to', `${base}.${last}/30`]);
    if (stdout === '') return [`${base}.${last + 1}`, `${base}.${last + 2}`];
  }
}
