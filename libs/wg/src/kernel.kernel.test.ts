/** The kernel's own WireGuard keeps the device contract. Skipped where the kernel has none; a virtual machine runs it. */
import { randomBytes } from 'node:crypto';
import { Processes } from '@wgcni/iproute';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { detectBackend } from './backend.ts';
import { type DeviceHarness, describeDeviceContract, openRealHarness, randomEnds } from './contract/index.ts';
import { KernelDevices } from './kernel/devices.ts';

// Known before the tests are collected, so that a skipped suite states its reason.
const refusal = await whyNoKernelWireguard();

if (refusal === undefined) {
  describeDeviceContract(
    'kernel',
    () => openRealHarness(({ node, runDir }) => KernelDevices.open({ runDir, ownNetns: node.path })),
    { carriesPackets: true },
  );

  describe('what a crash left between two calls of ip', () => {
    let harness: DeviceHarness;
    beforeEach(async () => {
      harness = await openRealHarness(({ node, runDir }) => KernelDevices.open({ runDir, ownNetns: node.path }));
    });
    afterEach(() => harness.close());
    const linksOf = async () => (await harness.ipRoute.observe(harness.netns)).links.map(({ name }) => name);
    const leave = (name: string) =>
      new Processes().run({ argv: ['ip', 'link', 'add', name, 'type', 'wireguard'], netns: harness.netns });

    it('is removed with the device, whose final name it never got', async () => {
      const { eth0 } = randomEnds(harness.netns);
      await leave(eth0.id);
      expect(await linksOf()).toContain(eth0.id);
      await harness.devices.remove(eth0);
      expect(await linksOf()).toEqual(['lo']);
    });

    it('is no hindrance when the device is made again, under a name that the node has too', async () => {
      const { pods, eth0 } = randomEnds(harness.netns);
      const ref = { ...eth0, name: pods.name };
      await harness.devices.create(pods, 1420);
      await leave(ref.id);
      await harness.devices.create(ref, 1420);
      await harness.devices.remove(ref);
      expect(await linksOf()).toEqual(['lo']);
    });

    it('is removed when the backend is looked for', async () => {
      await leave('wgcni-try');
      expect(await detectBackend(harness.netns)).toBe('kernel');
      expect(await linksOf()).toEqual(['lo']);
    });
  });
} else {
  describe.skip(`WireGuard device contract: kernel (skipped: ${refusal})`, () => {
    it('needs root and a kernel that makes WireGuard links', () => {});
  });
}

async function whyNoKernelWireguard(): Promise<string | undefined> {
  const name = `wg-try-${randomBytes(4).toString('hex')}`;
  const processes = new Processes();
  const { status, stderr } = await processes.run({ argv: ['ip', 'link', 'add', name, 'type', 'wireguard'] });
  if (status !== 0) return stderr.trim();
  await processes.run({ argv: ['ip', 'link', 'del', name] });
  return undefined;
}
