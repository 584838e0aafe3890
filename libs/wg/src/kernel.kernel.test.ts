/** The kernel's own WireGuard keeps the device contract. Skipped where the kernel has none; a virtual machine runs it. */
import { randomBytes } from 'node:crypto';
import { Processes } from '@wgcni/iproute';
import { describe, it } from 'vitest';
import { describeDeviceContract, openRealHarness } from './contract/index.ts';
import { KernelDevices } from './kernel/devices.ts';

// Known before the tests are collected, so that a skipped suite states its reason.
const refusal = await whyNoKernelWireguard();

if (refusal === undefined) {
  describeDeviceContract(
    'kernel',
    () => openRealHarness(({ node, runDir }) => KernelDevices.open({ runDir, ownNetns: node.path })),
    { carriesPackets: true },
  );
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
