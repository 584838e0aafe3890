/** Who is a peer of the mesh of which node, as the kernel's own tool shows it. */
import { systemClock } from '@wgcni/base';
import { execa } from 'execa';

/** Allowed IPs by public key of the peers of a node's mesh device. */
export async function meshPeers(device: string): Promise<Map<string, string[]>> {
  const { stdout } = await execa('wg', ['show', device, 'allowed-ips']);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return new Map(
    lines
      .map((line) => line.split('\t'))
      .map(([key = '', ips = '']) => [key, ips === '(none)' ? [] : ips.split(' ').sort()]),
  );
}

/** Asks every few milliseconds until it is so on all of them; resolves with how long that took, in milliseconds. */
export async function untilOnAll(
  devices: readonly string[],
  isSo: (peers: ReadonlyMap<string, string[]>) => boolean,
  timeoutMs: number,
): Promise<number> {
  const startedAt = systemClock.monotonicMs();
  const waits = devices.map(async (device) => {
    while (!isSo(await meshPeers(device))) {
      if (systemClock.monotonicMs() - startedAt > timeoutMs) throw new Error(`not so on ${device} in ${timeoutMs} ms`);
      await systemClock.sleep(10);
    }
  });
  await Promise.all(waits);
  return Math.round(systemClock.monotonicMs() - startedAt);
}
